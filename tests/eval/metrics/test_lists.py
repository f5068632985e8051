from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.metrics.lists import NAMES, list_metrics
from retrieval.errors import DataError


def rows(*numbers: int) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def measured(ranked: NDArray[np.int32], relevant: NDArray[np.int32], k: int) -> dict[str, float]:
    (user,) = list_metrics([ranked], [relevant], [k]).to_dict("records")
    return {name: user[f"{name}@{k}"] for name in NAMES}


@pytest.mark.parametrize("rank", [1, 2, 3, 7, 10])
def test_one_relevant_item_is_discounted_by_its_rank(rank: int) -> None:
    found = measured(np.arange(1, 21, dtype=np.int32), rows(rank), 10)
    assert found["ndcg"] == pytest.approx(1 / log2(rank + 1))
    assert found["mrr"] == found["map"] == pytest.approx(1 / rank)
    assert (found["hit"], found["recall"], found["precision"]) == (1, 1, 0.1)
    assert found["f1"] == pytest.approx(2 * 0.1 * 1 / 1.1)


def test_beyond_k_nothing_counts() -> None:
    assert set(measured(rows(1, 2, 3), rows(3), 2).values()) == {0.0}


def test_an_empty_list_is_worth_nothing() -> None:
    assert set(measured(rows(), rows(3), 2).values()) == {0.0}


def test_two_of_three_relevant_items_in_first_and_third_place() -> None:
    found = measured(rows(1, 9, 2, 8), rows(1, 2, 3), 4)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["precision"] == pytest.approx(2 / 4)
    assert found["f1"] == pytest.approx(2 * 2 / (4 + 3))
    assert found["map"] == pytest.approx((1 / 1 + 2 / 3) / 3)
    assert found["ndcg"] == pytest.approx((1 + 1 / 2) / (1 + 1 / log2(3) + 1 / 2))


def test_a_short_list_pays_for_the_places_it_leaves_empty() -> None:
    found = measured(rows(1), rows(1, 2), 10)
    assert found["precision"] == pytest.approx(1 / 10)
    assert found["map"] == pytest.approx(1 / 2)


def test_recall_is_a_share_of_all_that_is_relevant_even_where_k_cannot_hold_it() -> None:
    assert measured(rows(1, 2), rows(1, 2, 3, 4), 2)["recall"] == pytest.approx(2 / 4)


def test_a_row_is_a_user_and_a_column_a_metric_at_a_cutoff() -> None:
    found = list_metrics([rows(1, 2), rows(2, 1)], [rows(1), rows(1)], [1, 2])
    assert found["hit@1"].tolist() == [1, 0]
    assert found["hit@2"].tolist() == [1, 1]
    assert list(found.columns[:3]) == ["ndcg@1", "ndcg@2", "recall@1"]


def test_definitions_hold_on_random_lists() -> None:
    rng = np.random.default_rng(0)
    ranked = [rng.permutation(40)[: rng.integers(1, 30)].astype(np.int32) for _ in range(50)]
    relevant = [rng.permutation(40)[: rng.integers(1, 15)].astype(np.int32) for _ in range(50)]
    found = list_metrics(ranked, relevant, [10])
    hits = [np.isin(items[:10], wanted) for items, wanted in zip(ranked, relevant, strict=True)]
    gains = np.array([(hit / np.log2(np.arange(2, len(hit) + 2))).sum() for hit in hits])
    ideal = np.array([(1 / np.log2(np.arange(2, min(10, len(wanted)) + 2))).sum() for wanted in relevant])
    assert found["ndcg@10"].to_numpy() == pytest.approx(gains / ideal)
    assert found["precision@10"].to_numpy() == pytest.approx([hit.sum() / 10 for hit in hits])


def test_a_user_without_a_relevant_item_is_an_error() -> None:
    with pytest.raises(DataError, match="relevant="):
        list_metrics([rows(1)], [rows()], [10])


def test_every_user_needs_a_list() -> None:
    with pytest.raises(DataError, match="Give 2 lists"):
        list_metrics([rows(1)], [rows(1), rows(2)], [10])
