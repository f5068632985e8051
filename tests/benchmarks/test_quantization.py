from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.quantization import Measured, churn, gains, require_alike, table_of
from retrieval.errors import BuildError

FULL = Measured(
    name="float32",
    size=538_000_000,
    by="packed",
    scores=(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])),  # the target first, then last
    seconds={"packed": 4.0, "vLLM": 8.0},
)
FEWER = Measured(
    name="w8a8",
    size=220_000_000,
    by="vLLM",
    scores=(np.array([2.0, 3.0, 1.0]), np.array([1.0, 2.0, 3.0])),  # in the first list two have changed places
    seconds={"vLLM": 2.0},
)


def test_the_gain_is_that_of_the_targets_place() -> None:
    np.testing.assert_allclose(gains(FULL), [1, 0.5])
    np.testing.assert_allclose(gains(FEWER), [1 / np.log2(3), 0.5])


def test_what_scores_as_the_target_comes_before_it() -> None:
    alike = Measured(name="w8a8", size=1, by="vLLM", scores=(np.zeros(11), np.zeros(10)), seconds={})
    np.testing.assert_allclose(gains(alike), [0, 1 / np.log2(11)])


def test_churn_is_over_all_lists() -> None:
    assert churn(FULL, FULL) == (0, pytest.approx(1), 0)
    assert churn(FEWER, FULL) == (pytest.approx((2 / 3 + 0) / 2), pytest.approx((1 / 3 + 1) / 2), 0.5)


def test_the_table_has_no_speed_where_none_was_measured() -> None:
    full, fewer = table_of([FULL, FEWER]).rows
    assert full == ("float32", "538", "0.25", "0.50", "packed", "0.7500", "", "", "", "")
    assert fewer[:6] == ("w8a8", "220", "1.00", "-", "vLLM", "0.5655")
    assert fewer[7:] == ("0.33", "0.667", "50%")


MERGED = {"adapter_id": "one", "examples": "teas"}
TEAS: Any = SimpleNamespace(folder=Path("examples"), made_from="teas")


def made(kind: str, merged: dict[str, str] = MERGED) -> dict[str, Any]:
    return {"merged": merged, "scheme": {"kind": kind}}


def test_what_was_made_of_the_checkpoint_is_compared() -> None:
    require_alike(MERGED, {Path("a"): made("w8a8"), Path("b"): made("fp8")}, TEAS)


@pytest.mark.parametrize(
    ("compressed", "examples", "why"),
    [
        ({Path("a"): made("w8a8", MERGED | {"adapter_id": "other"})}, "teas", r"compressed=.*another checkpoint"),
        ({Path("a"): made("w8a8"), Path("b"): made("w8a8")}, "teas", "two are of one kind"),
        ({Path("a"): made("w8a8")}, "coffees", r"examples=.*trained on the examples teas"),
    ],
    ids=["another checkpoint", "one kind twice", "other examples"],
)
def test_what_cannot_be_compared_is_refused(compressed: dict[Path, dict[str, Any]], examples: str, why: str) -> None:
    judging: Any = SimpleNamespace(folder=Path("examples"), made_from=examples)
    with pytest.raises(BuildError, match=why):
        require_alike(MERGED, compressed, judging)
