from pathlib import Path

import pytest

from eval.promise import PROMISES, Promise, as_json, published_promises
from retrieval.files import write_json


@pytest.mark.parametrize(
    ("measured", "verdict"), [(6.0, "met"), (5.9, "not met"), (None, "not measured"), (float("nan"), "not measured")]
)
def test_a_promise_is_judged_by_its_number(measured: float | None, verdict: str) -> None:
    assert Promise(name="speed-up", sense="at least", limit=6, measured=measured).verdict == verdict


def test_every_promise_of_a_report_is_a_line(tmp_path: Path) -> None:
    promise = Promise(name="speed-up", sense="at least", limit=6, measured=8.53, unit="x")
    write_json(tmp_path / "speed" / "raw.json", {PROMISES: as_json([promise], "python -m speed", "two cores")})
    write_json(tmp_path / "other" / "raw.json", {"about": "nothing"})
    (line,) = published_promises(tmp_path)
    assert line == ("speed", "", "", "speed-up", "8.53 x", "", "at least 6 x", "met", "python -m speed", "two cores")
