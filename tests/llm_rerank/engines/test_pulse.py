from collections.abc import Callable

import pytest

from llm_rerank.engines import pulse
from llm_rerank.engines.pulse import Pulse

Pass = Callable[[float], None]


@pytest.fixture
def time_passes(monkeypatch: pytest.MonkeyPatch) -> Pass:
    now = [1000.0]
    monkeypatch.setattr(pulse, "monotonic", lambda: now[0])

    def one(seconds: float) -> None:
        now[0] += seconds

    return one


def test_who_answers_nobody_for_a_minute_hangs(time_passes: Pass) -> None:
    one = Pulse()
    with one.awaited():
        time_passes(59)
        assert not one.hung
        time_passes(1)
        assert one.hung


def test_an_answer_to_anybody_begins_the_minute_again(time_passes: Pass) -> None:
    one = Pulse()
    with one.awaited(), one.awaited():
        time_passes(59)
        one.beat()
        time_passes(59)
        assert not one.hung
        time_passes(1)
        assert one.hung


def test_those_who_gave_up_have_waited_too(time_passes: Pass) -> None:
    one = Pulse()
    for _ in range(3):
        assert not one.hung
        with one.awaited():
            time_passes(20)
    assert one.hung


def test_time_in_which_nobody_waits_does_not_count(time_passes: Pass) -> None:
    one = Pulse()
    time_passes(100)
    for _ in range(5):
        with one.awaited():
            time_passes(10)
        time_passes(1000)
    assert not one.hung
    with one.awaited():
        one.beat()
    time_passes(1000)
    assert not one.hung
