"""How accurate ranked lists are: one row a user, one column a metric and cut-off, such as `ndcg@10`.

The values are LensKit's (`eval.metrics.lenskit` says where a short list is judged more strictly). A list without a hit
has 0 everywhere, so LensKit is only asked about the others: 22,000 lists of 100 take seconds, half a minute if all hit.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.metrics.lenskit import TopK
from eval.metrics.names import NAMES
from retrieval.errors import DataError


def list_metrics(
    ranked: Sequence[NDArray[np.int32]], relevant: Sequence[NDArray[np.int32]], cutoffs: Sequence[int]
) -> pd.DataFrame:
    """Every metric of `NAMES` at every cut-off.

    `ranked` are catalogue rows, best first, perhaps fewer than k or none; `relevant` are those that should be found.
    """
    _check(ranked, relevant)
    tables = [_at_cutoff(ranked, relevant, k) for k in cutoffs]
    return pd.concat(tables, axis="columns")[[f"{name}@{k}" for name in NAMES for k in cutoffs]]


def _at_cutoff(ranked: Sequence[NDArray[np.int32]], relevant: Sequence[NDArray[np.int32]], k: int) -> pd.DataFrame:
    top = TopK(k)
    values = np.zeros((len(ranked), len(NAMES)))
    for user, (items, wanted) in enumerate(zip(ranked, relevant, strict=True)):
        if np.isin(items[:k], wanted).any():
            found = top.measure(items[:k], wanted)
            harmonic = 2 / (1 / found["precision"] + 1 / found["recall"])
            values[user] = [(found | {"hit": 1.0, "f1": harmonic})[name] for name in NAMES]
    return pd.DataFrame(values, columns=[f"{name}@{k}" for name in NAMES])


def _check(ranked: Sequence[NDArray[np.int32]], relevant: Sequence[NDArray[np.int32]]) -> None:
    if len(ranked) != len(relevant):
        raise DataError(
            "there must be one list a user", field="ranked", value=len(ranked), remedy=f"Give {len(relevant)} lists."
        )
    if any(len(wanted) == 0 for wanted in relevant):
        raise DataError(
            "a user without a relevant item has no recall", field="relevant", value=[], remedy="Leave this user out."
        )
