"""Ranking metrics of one list. Each is in [0, 1] and 0 where nothing relevant exists."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray


def recall(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant items that stand among the first `k`."""
    return len(set(ranked[:k]).intersection(relevant)) / len(set(relevant)) if relevant else 0.0


def ndcg(scores: NDArray[np.float64], relevant: NDArray[np.bool_], k: int) -> float:
    """Normalised discounted cumulative gain at `k` with binary gains (Järvelin & Kekäläinen 2002).

    Equal scores keep the order they are given in: that is the tie rule.
    """
    hits = relevant[np.argsort(-scores, kind="stable")][:k]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = float(discounts[: min(k, int(relevant.sum()))].sum())
    return float((hits * discounts[: len(hits)]).sum()) / ideal if ideal else 0.0
