from math import log2

import numpy as np
import pytest

from retrieval.ndcg import ndcg


def test_one_relevant_item_in_second_place() -> None:
    assert ndcg(np.array([3.0, 2.0, 1.0]), np.array([False, True, False]), 10) == pytest.approx(1 / log2(3))


def test_all_relevant_items_first_is_one() -> None:
    assert ndcg(np.array([1.0, 3.0, 2.0]), np.array([False, True, True]), 2) == 1.0


def test_beyond_k_nothing_counts() -> None:
    assert ndcg(np.array([3.0, 2.0, 1.0]), np.array([False, False, True]), 2) == 0.0


def test_equal_scores_keep_the_order_given() -> None:
    assert ndcg(np.zeros(3), np.array([True, False, False]), 1) == 1.0
    assert ndcg(np.zeros(3), np.array([False, False, True]), 1) == 0.0


def test_what_the_list_lacks_is_missed() -> None:
    assert ndcg(np.zeros(1), np.array([True]), 10, of=2) == pytest.approx(1 / (1 + 1 / log2(3)))
    assert ndcg(np.empty(0), np.empty(0, dtype=np.bool_), 10, of=2) == 0.0


def test_where_nothing_is_relevant_nothing_is_gained() -> None:
    assert ndcg(np.zeros(2), np.array([False, False]), 10) == 0.0
