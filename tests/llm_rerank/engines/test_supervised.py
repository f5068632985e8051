from collections.abc import Callable
from threading import Event

import pytest

from llm_rerank.engines import supervised
from llm_rerank.engines.supervised import Supervised
from retrieval.errors import CancelledError, EngineError, ModelError


class One:
    """Something that runs until it is stopped."""

    dead = False

    def __init__(self) -> None:
        self.stopped = Event()

    def stop(self) -> None:
        self.stopped.set()


def starting(*outcomes: Callable[[], One]) -> tuple[Callable[[Event], One], Event]:
    """What starts, one outcome after the other, and that the last has been reached."""
    left, last = list(outcomes), Event()

    def start(_: Event) -> One:
        outcome = left.pop(0)
        try:
            return outcome()
        finally:
            if not left:
                last.set()

    return start, last


def fail() -> One:
    raise ModelError("no memory", field="model", value="smol", remedy="wait")


def eventually(kept: Supervised[One]) -> One:
    for _ in range(500):
        try:
            return kept.require()
        except EngineError:
            Event().wait(0.01)
    raise AssertionError("it never came back")


def test_what_died_is_replaced_once_and_callers_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "_SECONDS", 0.01)
    go_on = Event()

    def wait_and_fail() -> One:
        go_on.wait(5)
        return fail()

    start, last = starting(One, wait_and_fail, lambda: 1 / 0, One)  # type: ignore[arg-type,return-value]
    kept = Supervised("It", start)
    dead = kept.require()
    kept.died(dead)
    kept.died(dead)
    with pytest.raises(EngineError, match="It has died and is being started again"):
        kept.require()
    go_on.set()
    assert last.wait(5)
    assert dead.stopped.is_set()
    again = eventually(kept)
    kept.died(dead)  # a caller who noticed late
    assert kept.require() is again is not dead


def test_callers_hear_that_it_does_not_start_and_the_log_why(caplog: pytest.LogCaptureFixture) -> None:
    start, last = starting(One, fail)
    kept = Supervised("It", start)
    kept.died(kept.require())
    assert last.wait(5)
    for _ in range(500):
        with pytest.raises(EngineError) as refused:
            kept.require()
        if "which failed" in str(refused.value):
            break
        Event().wait(0.01)
    assert "being started again, which failed: the log says why" in str(refused.value)
    assert "smol" not in str(refused.value)
    assert "It does not start: model='smol': no memory" in caplog.text
    kept.close()


def test_one_that_cannot_be_ended_is_replaced_all_the_same() -> None:
    class Stuck(One):
        def stop(self) -> None:
            raise RuntimeError("stuck")

    start, _ = starting(Stuck, One)
    kept = Supervised("It", start)
    dead = kept.require()
    kept.died(dead)
    assert eventually(kept) is not dead


def test_what_does_not_start_at_first_is_the_callers_to_hear() -> None:
    with pytest.raises(ModelError):
        Supervised("It", lambda _: fail())


def test_closed_for_good() -> None:
    kept = Supervised("It", lambda _: One())
    one = kept.require()
    kept.close()
    kept.close()
    assert one.stopped.is_set()
    with pytest.raises(EngineError, match="It has been closed"):
        kept.require()
    kept.died(one)
    with pytest.raises(EngineError, match="It has been closed"):
        kept.require()


def test_closed_while_another_one_starts() -> None:
    starts, late = Event(), One()

    def slow() -> One:
        starts.set()
        Event().wait(0.3)
        return late

    start, _ = starting(One, slow)
    kept = Supervised("It", start)
    kept.died(kept.require())
    assert starts.wait(5)
    kept.close()
    assert late.stopped.is_set()


def test_one_that_starts_is_told_to_give_up() -> None:
    begun, starts, given_up = Event(), Event(), Event()

    def start(closed: Event) -> One:
        if not begun.is_set():
            begun.set()
            return One()
        starts.set()
        assert closed.wait(5)
        given_up.set()
        return fail()

    kept = Supervised("It", start)
    kept.died(kept.require())
    assert starts.wait(5)
    kept.close()
    assert given_up.is_set()


@pytest.mark.parametrize("end", [EngineError("it hangs"), CancelledError("given up"), GeneratorExit()])
def test_who_gets_nothing_notices_that_it_is_dead(end: BaseException) -> None:
    start, _ = starting(One, One)
    kept = Supervised("It", start)
    one = kept.require()
    for dead in (False, True):
        one.dead = dead
        with pytest.raises(type(end)), kept.looked_after(one):
            raise end
        assert one.stopped.wait(5 if dead else 0.1) == dead
    assert eventually(kept) is not one
