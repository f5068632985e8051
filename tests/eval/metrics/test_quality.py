import numpy as np
import pytest
from numpy.typing import NDArray

from eval.metrics.quality import (
    average_popularity,
    coverage,
    diversity,
    entropy,
    exposure_gini,
    list_quality,
    novelty,
)
from retrieval.item_vectors import ItemVectors

# Four items: two alike, one at a right angle to them, one that points the other way.
VECTORS = ItemVectors(
    distinct=np.array([[2, 0], [0, 1], [-1, 0]], dtype=np.float32), place=np.array([0, 0, 1, 2], dtype=np.intp)
)
COUNTS = np.array([7, 3, 1, 1], dtype=np.intp)


def rows(*numbers: int) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def test_two_of_four_items_are_shown() -> None:
    assert coverage([rows(0, 1), rows(1, 0)], 4) == 0.5


def test_showing_all_alike_is_equal_and_showing_one_is_not() -> None:
    assert exposure_gini([rows(0, 1), rows(2, 3)], 4) == 0.0
    assert exposure_gini([rows(0), rows(0)], 4) == pytest.approx(3 / 4)


def test_popularity_is_the_mean_of_the_lists_means() -> None:
    assert average_popularity([rows(0, 1), rows(2)], COUNTS) == (5 + 1) / 2


def test_novelty_of_an_item_with_half_of_the_interactions_is_one_bit() -> None:
    assert novelty([rows(0)], COUNTS) == pytest.approx(1.0)  # (7 + 1) of (12 + 4)
    assert novelty([rows(0, 1)], COUNTS) == pytest.approx((1 + 2) / 2)


def test_an_item_nobody_had_has_a_finite_novelty() -> None:
    assert novelty([rows(1)], np.array([3, 0])) == pytest.approx(np.log2(5))


@pytest.mark.parametrize(("items", "expected"), [((0, 1), 0.0), ((0, 2), 1.0), ((0, 3), 2.0), ((0, 1, 2), 2 / 3)])
def test_diversity_is_one_minus_the_mean_cosine_of_pairs(items: tuple[int, ...], expected: float) -> None:
    assert diversity([rows(*items)], VECTORS) == pytest.approx(expected)


def test_a_list_of_one_has_no_diversity_and_is_left_out() -> None:
    assert diversity([rows(0, 2), rows(0)], VECTORS) == pytest.approx(1.0)


def test_entropy_of_one_category_of_two_and_of_four() -> None:
    categories = ["tea", "tea", "soap", "bread", "milk"]
    assert entropy([rows(0, 1)], categories) == pytest.approx(0.0, abs=1e-4)
    assert entropy([rows(0, 2)], categories) == pytest.approx(1.0)
    assert entropy([rows(1, 2, 3, 4)], categories) == pytest.approx(2.0)


def test_all_of_it_looks_at_the_first_k() -> None:
    found = list_quality([rows(0, 1, 2), rows()], 2, COUNTS, VECTORS, None)
    assert found["coverage@2"] == 0.5
    assert found["arp@2"] == 5.0
    assert set(found) == {"coverage@2", "gini@2", "arp@2", "novelty@2", "diversity@2"}


def test_categories_bring_entropy() -> None:
    assert list_quality([rows(0, 1)], 2, COUNTS, VECTORS, ["a", "b", "a", "a"])["entropy@2"] == pytest.approx(1.0)


def test_nobody_has_a_list() -> None:
    assert list_quality([rows()], 2, COUNTS, VECTORS, None) == {"coverage@2": 0.0}
