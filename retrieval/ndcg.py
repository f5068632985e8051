"""How good one list is: what learns from lists and what measures them judge by the same number."""

import numpy as np
from numpy.typing import NDArray


def ndcg(scores: NDArray[np.float64], relevant: NDArray[np.bool_], k: int, *, of: int | None = None) -> float:
    """Normalised discounted cumulative gain at `k` with binary gains (Järvelin & Kekäläinen 2002), in [0, 1].

    `of` says how many relevant items there are, where the list may lack some of them. 0 where there are none. Equal
    scores keep the order they are given in: that is the tie rule.
    """
    hits = relevant[np.argsort(-scores, kind="stable")][:k]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    wanted = int(relevant.sum()) if of is None else of
    ideal = float(discounts[: min(k, wanted)].sum())
    return float((hits * discounts[: len(hits)]).sum()) / ideal if ideal else 0.0
