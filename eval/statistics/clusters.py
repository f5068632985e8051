"""How sure a mean over items is whose values hang together: those of one user are drawn together."""

from collections.abc import Sequence

import numpy as np

from eval.result import Interval
from eval.statistics.significance import RESAMPLES, Floats
from retrieval.errors import DataError


def clustered_interval(values: Floats, clusters: Sequence[str], *, metric: str, seed: int = 0) -> Interval:
    """The mean of one value an item and its 95 % percentile bootstrap interval; whole clusters are resampled.

    Raises DataError where there are no values.
    """
    if not len(values):
        raise DataError("nothing was measured", field=metric, value=[], remedy="Give at least one value.")
    _, of = np.unique(np.asarray(clusters), return_inverse=True)
    sums, counts = np.bincount(of, weights=values), np.bincount(of)
    users = len(sums)
    drawn = np.random.default_rng(seed).multinomial(users, np.full(users, 1 / users), size=RESAMPLES)  # how often each
    low, high = np.percentile((drawn @ sums) / (drawn @ counts), (2.5, 97.5))
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))
