"""Who waited in vain spares the next ones the same."""

import pytest

from retrieval.store import pause
from retrieval.store.pause import Pause


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pause, "monotonic", clock)
    return clock


def test_nobody_is_refused_before() -> None:
    assert not Pause().refuses()


def test_once_it_has_lasted_one_finds_out_for_the_others(clock: Clock) -> None:
    one = Pause()
    one.begin()
    clock.now += 4.9
    assert one.refuses()
    clock.now += 0.2
    assert [one.refuses() for _ in range(3)] == [False, True, True]


def test_an_answer_ends_it(clock: Clock) -> None:
    one = Pause()
    one.begin()
    one.end()
    assert not one.refuses()
