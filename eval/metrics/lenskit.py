"""Measuring with LensKit: the only module here that imports it. Lists are catalogue rows, best first; gains are binary.

LensKit 2025.8.1 has no batch: it asks a metric list by list, 30 to 60 microseconds a call (NDCG@10, 100 items, 1 core).
"""

from typing import Any, Final

import numpy as np
from lenskit.data import ItemList
from lenskit.metrics import (
    MAE,
    NDCG,
    RMSE,
    GeometricRankWeight,
    LogRankWeight,
    Precision,
    Recall,
    RecipRank,
    entropy,
    rank_biased_overlap,
)
from lenskit.metrics.ranking import AveragePrecision
from lenskit.stats import gini
from numpy.typing import NDArray

# LensKit's default discounts the second place as little as the first; everybody's NDCG has 1/log2(rank + 1).
_DISCOUNT: Final = LogRankWeight(offset=1)


class TopK:
    """LensKit's list metrics at one cut-off, of lists that hold something relevant among the first k.

    LensKit divides a short list's precision by its length, and recall by k where more than k items are relevant. Here
    a short list is charged for the places it leaves empty (precision divides by k, average precision by what k places
    could hold), and recall is the share of all that is relevant, as in the papers of LightGCN and its followers.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._ndcg = NDCG(k, weight=_DISCOUNT)
        self._recall, self._precision, self._average = Recall(k), Precision(k), AveragePrecision(k)
        self._reciprocal = RecipRank(k)

    def measure(self, ranked: NDArray[np.int32], relevant: NDArray[np.int32]) -> dict[str, float]:
        """The metrics of one list, by name without the cut-off."""
        items, wanted = item_list(ranked), ItemList(item_ids=relevant)
        length, possible = min(len(ranked), self._k), min(len(relevant), self._k)
        return {
            "ndcg": self._ndcg.measure_list(items, wanted),
            "recall": self._recall.measure_list(items, wanted) * possible / len(relevant),
            "precision": self._precision.measure_list(items, wanted) * length / self._k,
            "map": self._average.measure_list(items, wanted) * min(len(relevant), length) / possible,
            "mrr": self._reciprocal.measure_list(items, wanted),
        }


def item_list(ranked: NDArray[np.int32]) -> Any:
    """The list as LensKit has it."""
    return ItemList(item_ids=ranked, ordered=True)


def rating_errors(predicted: NDArray[np.float64], ratings: NDArray[np.float64]) -> dict[str, float]:
    """RMSE and MAE over all ratings at once, each with its own number as the item."""
    rows = np.arange(len(ratings))
    predictions, truth = ItemList(item_ids=rows, scores=predicted), ItemList(item_ids=rows, rating=ratings)
    return {
        "rmse": float(RMSE().measure_list(predictions, truth)),
        "mae": float(MAE().measure_list(predictions, truth)),
    }


def concentration(counts: NDArray[np.intp]) -> float:
    """Gini coefficient of how often each item is shown: 0 all alike, near 1 a few items only."""
    return float(gini(counts))


def category_entropy(categories: NDArray[np.intp]) -> float:
    """Bits of the categories, given as numbers, of one list."""
    distinct, place = np.unique(categories, return_inverse=True)
    # One column a category of this list, not of the catalogue: LensKit smooths every column, those of absent ones too.
    return float(entropy(item_list(categories.astype(np.int32)), np.eye(len(distinct))[place]))


def overlap(first: NDArray[np.int32], second: NDArray[np.int32], persistence: float) -> float:
    """Rank-biased overlap (Webber, Moffat & Zobel 2010), cut off at the shorter list and divided by its maximum."""
    depth = min(len(first), len(second))
    weight = GeometricRankWeight(persistence)
    return float(rank_biased_overlap(item_list(first), item_list(second), weight, n=depth))
