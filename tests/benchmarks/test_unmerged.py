import numpy as np
import pytest

from benchmarks.unmerged import BASE, MERGED, PACKED, UNMERGED, Measured, measure, price_table, unmerged_promises
from benchmarks.vllm_scoring import Served


def measured(way: str, second: float, seconds: tuple[float, ...]) -> Measured:
    """Two lists: of the second one the only score is `second`."""
    return Measured(way=way, scores=(np.array([1.0, 2.0]), np.array([second])), seconds=seconds)


FOUND = (
    measured(PACKED, 3.0, (2.0, 1.0)),
    measured(MERGED, 3.0005, (9.0, 4.0)),
    measured(UNMERGED, 2.9, (10.0, 20.0)),
    measured(BASE, 5.0, (3.0, 4.0)),
)


def test_a_line_has_the_quickest_repeat_the_price_and_the_difference() -> None:
    packed, merged, unmerged, base = price_table(FOUND).rows
    assert packed == (PACKED, "0.50", "0.25", "")
    assert merged == (MERGED, "2.00", "1.00", "0.0005")
    assert unmerged == (UNMERGED, "5.00", "2.50", "0.1")
    assert base == (BASE, "1.50", "0.75", "2")


def test_both_ways_of_vllm_are_held_to_the_packed_scores() -> None:
    assert [promise.verdict for promise in unmerged_promises(FOUND)] == ["met", "not met"]


def test_scores_of_another_list_are_no_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        FOUND[0].apart(Measured(way=BASE, scores=FOUND[0].scores[:1], seconds=(1.0,)))


def test_every_way_is_asked_once_a_repeat_side_by_side() -> None:
    steps: list[str] = []
    answer = Served(scores=(np.array([1.0]),), seconds=2.0)
    found = measure({PACKED: lambda: answer, MERGED: lambda: answer}, 2, steps.append)
    assert steps == [PACKED, MERGED, PACKED, MERGED]
    assert [(one.way, one.seconds) for one in found] == [(PACKED, (2.0, 2.0)), (MERGED, (2.0, 2.0))]
