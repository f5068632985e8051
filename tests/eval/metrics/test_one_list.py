from math import log2

import numpy as np
import pytest

from eval.metrics.one_list import ndcg, recall


def test_recall_counts_what_was_found_among_the_first_k() -> None:
    assert recall(["a", "b", "c", "d"], {"b", "d", "x", "y"}, 3) == 1 / 4


def test_nothing_relevant_is_no_recall() -> None:
    assert recall(["a"], (), 1) == 0.0


def test_one_relevant_item_in_second_place() -> None:
    assert ndcg(np.array([3.0, 2.0, 1.0]), np.array([False, True, False]), 10) == pytest.approx(1 / log2(3))


def test_all_relevant_items_first_is_one() -> None:
    assert ndcg(np.array([1.0, 3.0, 2.0]), np.array([False, True, True]), 2) == 1.0


def test_beyond_k_nothing_counts() -> None:
    assert ndcg(np.array([3.0, 2.0, 1.0]), np.array([False, False, True]), 2) == 0.0


def test_equal_scores_keep_the_order_given() -> None:
    assert ndcg(np.zeros(3), np.array([True, False, False]), 1) == 1.0
    assert ndcg(np.zeros(3), np.array([False, False, True]), 1) == 0.0
