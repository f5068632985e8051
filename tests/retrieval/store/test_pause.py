"""Who waited in vain spares the next ones the same."""

import pytest

from retrieval.store import pause
from retrieval.store.pause import Pause


@pytest.mark.parametrize(("waited", "lasts"), [(0.5, False), (4.0, True)])
def test_only_a_call_that_waited_long_begins_one(monkeypatch: pytest.MonkeyPatch, waited: float, lasts: bool) -> None:
    monkeypatch.setattr(pause, "monotonic", lambda: 100.0)
    one = Pause()
    one.after(100 - waited)
    assert one.lasts is lasts


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(pause, "monotonic", lambda: now)
    one = Pause()
    one.after(now - 4)
    now = 104.9
    assert one.lasts
    now = 105.1
    assert not one.lasts
