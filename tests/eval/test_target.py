from pathlib import Path

import pytest

from eval.target import PROMISED, Target, promised, published_targets
from retrieval.files import write_json


@pytest.mark.parametrize(
    ("measured", "verdict"), [(6.0, "met"), (5.9, "not met"), (None, "not measured"), (float("nan"), "not measured")]
)
def test_a_target_is_judged_by_its_number(measured: float | None, verdict: str) -> None:
    assert Target(name="speed-up", sense="at least", limit=6, measured=measured).verdict == verdict


def test_every_target_of_a_report_is_a_line(tmp_path: Path) -> None:
    target = Target(name="speed-up", sense="at least", limit=6, measured=8.53, unit="x")
    write_json(tmp_path / "speed" / "raw.json", {PROMISED: promised([target], "python -m speed", "two cores")})
    write_json(tmp_path / "other" / "raw.json", {"promises": "nothing"})
    (line,) = published_targets(tmp_path)
    assert line == ("speed", "", "", "speed-up", "8.53 x", "", "at least 6 x", "met", "python -m speed", "two cores")
