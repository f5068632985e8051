"""Turns: one at a time, first come first served, and nobody waits who does not want to."""

from threading import Event, Thread
from time import sleep

import pytest

from llm_rerank.deadline import Deadline
from llm_rerank.engines.turns import Turns
from retrieval.errors import CancelledError


def waiting(turns: Turns, name: int, served: list[int], cancel: Event | None = None) -> Thread:
    """A caller who is in the queue by now."""

    def call() -> None:
        with turns.taken(cancel):
            served.append(name)

    before, thread = len(turns._turns), Thread(target=call)
    thread.start()
    while len(turns._turns) == before:
        sleep(0.001)
    return thread


def test_whoever_comes_first_is_served_first() -> None:
    turns, served = Turns(), list[int]()
    with turns.taken():
        callers = [waiting(turns, name, served, Event() if name % 2 else None) for name in range(12)]
        sleep(0.1)  # those who can be cancelled look several times meanwhile
        assert served == []
    for caller in callers:
        caller.join(10)
    assert served == list(range(12))


def test_who_stops_waiting_holds_nobody_up() -> None:
    turns, served = Turns(), list[int]()
    with turns.taken():
        with pytest.raises(CancelledError), turns.taken(Deadline(20)):
            served.append(0)
        after = waiting(turns, 1, served)
    after.join(10)
    assert served == [1]


def test_what_fails_within_lets_the_next_one_in() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="within"), turns.taken():
        raise ValueError("within")
    with turns.taken(Deadline(1000)):
        assert len(turns._turns) == 1
