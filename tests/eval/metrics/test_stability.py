import numpy as np
import pytest
from numpy.typing import NDArray

from eval.metrics.stability import rank_biased_overlap, rank_churn
from retrieval.errors import DataError


def rows(*numbers: int) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def test_the_same_ranking_overlaps_fully_and_a_strange_one_not_at_all() -> None:
    assert rank_biased_overlap(rows(1, 2, 3), rows(1, 2, 3)) == pytest.approx(1.0)
    assert rank_biased_overlap(rows(1, 2, 3), rows(4, 5, 6)) == 0.0


def test_a_swap_of_the_first_two_costs_the_first_place() -> None:
    # They agree on none of the first place (weight 1) and on all of the first two (weight .9).
    assert rank_biased_overlap(rows(1, 2), rows(2, 1)) == pytest.approx(0.9 / 1.9)


def test_a_swap_at_the_top_costs_more_than_one_below() -> None:
    reference = rows(1, 2, 3, 4)
    assert rank_biased_overlap(reference, rows(2, 1, 3, 4)) < rank_biased_overlap(reference, rows(1, 2, 4, 3))


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(DataError, match="empty list"):
        rank_biased_overlap(rows(), rows(1))


def test_runs_that_agree_do_not_churn() -> None:
    found = rank_churn(np.array([[5, 8, 9], [5, 8, 9]], dtype=np.int32))
    assert (found.places, found.top_flips) == (0.0, 0.0)


def test_one_run_of_three_swaps_the_first_two_of_four() -> None:
    found = rank_churn(np.array([[5, 8, 9, 7], [5, 8, 9, 7], [8, 5, 9, 7]], dtype=np.int32))
    # Two of three pairs of runs differ, each by two items that move one place.
    assert found.places == pytest.approx(2 / 3 * 2 / 4)
    assert found.top_flips == pytest.approx(2 / 3)


@pytest.mark.parametrize("rankings", [[[1, 2]], [[1, 2], [1, 3]]], ids=["one run", "other items"])
def test_churn_needs_two_runs_over_the_same_items(rankings: list[list[int]]) -> None:
    with pytest.raises(DataError, match="same"):
        rank_churn(np.array(rankings, dtype=np.int32))
