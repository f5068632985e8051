"""How sure a mean over users is, and whether the difference of two systems could be luck.

Values repeat: NDCG@10 of users with one target has eleven values, whatever the number of users. Both resamplings use
that: they draw how often each distinct value comes up, which has the same distribution as drawing user by user.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.result import Difference, Interval
from retrieval.errors import DataError

RESAMPLES: Final = 10_000
_CELLS_AT_ONCE: Final = 2_000_000  # numbers in memory at once: 16 MB an array, whatever the number of users

Floats = NDArray[np.float64]


def bootstrap_interval(values: Floats, *, metric: str, seed: int = 0) -> Interval:
    """The mean of one value a user and its 95 % percentile bootstrap interval (Efron 1979).

    For paired differences pass the differences: users are resampled, pairs stay.
    """
    _check(values, metric)
    mean = float(values.mean())
    if np.ptp(values) == 0:
        return Interval(mean=mean, low=mean, high=mean)
    low, high = np.percentile(_resampled_means(values, np.random.default_rng(seed)), (2.5, 97.5))
    return Interval(mean=mean, low=float(low), high=float(high))


def permutation_p(differences: Floats, *, metric: str, seed: int = 0) -> float:
    """Two-sided paired permutation test: flips the sign of each user's difference at random.

    (1 + as extreme)/(1 + resamples) is never 0 (Phipson & Smyth 2010), and 1 where no user has a difference.
    """
    _check(differences, metric)
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    observed = abs(float(differences.sum()))
    rng = np.random.default_rng(seed)
    # Of `count` users with a difference of this size, Binomial(count, 1/2) keep the sign.
    sums = _in_chunks(len(sizes), lambda n: (2 * rng.binomial(counts, 0.5, (n, len(sizes))) - counts) @ sizes)
    extreme = int((np.abs(sums) >= observed * (1 - 1e-9)).sum())  # sums of the same numbers in another order are equal
    return (1 + extreme) / (1 + RESAMPLES)


def difference(ours: Floats, theirs: Floats, *, metric: str, seed: int = 0) -> Difference:
    """One system minus another; entry i of both is the same user."""
    if len(ours) != len(theirs):
        raise DataError(
            f"the other system has {len(theirs)} users", field=metric, value=len(ours), remedy="Measure the same users."
        )
    gained = ours - theirs
    return Difference(
        difference=bootstrap_interval(gained, metric=metric, seed=seed),
        p_value=permutation_p(gained, metric=metric, seed=seed),
    )


def intervals(metrics: pd.DataFrame, *, seed: int = 0) -> dict[str, Interval]:
    """An interval for every column of a table of one row a user."""
    return {name: bootstrap_interval(_column(metrics, name), metric=name, seed=seed) for name in metrics.columns}


def differences(ours: pd.DataFrame, theirs: pd.DataFrame, *, seed: int = 0) -> dict[str, Difference]:
    """A difference for every column that both tables have; row i of both is the same user."""
    shared = [name for name in ours.columns if name in theirs.columns]
    return {n: difference(_column(ours, n), _column(theirs, n), metric=n, seed=seed) for n in shared}


def _column(metrics: pd.DataFrame, name: str) -> Floats:
    return metrics[name].to_numpy(dtype=np.float64)


def _resampled_means(values: Floats, rng: np.random.Generator) -> Floats:
    n = len(values)
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) * 32 < n:  # beyond that, drawing user by user is quicker
        shares = counts / n
        return _in_chunks(len(distinct), lambda rows: rng.multinomial(n, shares, rows) @ distinct) / n
    return _in_chunks(n, lambda rows: values[rng.integers(0, n, (rows, n), dtype=np.int32)].mean(axis=1))


def _in_chunks(width: int, draw: Callable[[int], Floats]) -> Floats:
    """`RESAMPLES` numbers, as many rows of `width` at a time as fit in memory."""
    return np.concatenate([draw(rows) for rows in _chunks(max(1, _CELLS_AT_ONCE // max(1, width)))])


def _chunks(size: int) -> Iterator[int]:
    for start in range(0, RESAMPLES, size):
        yield min(size, RESAMPLES - start)


def _check(values: Floats, metric: str) -> None:
    if not len(values):
        raise DataError("nobody was measured", field=metric, value=[], remedy="Give at least one user.")
    if bad := int((~np.isfinite(values)).sum()):
        raise DataError(
            f"{bad} of {len(values)} users have no number",
            field=metric,
            value=float(values[~np.isfinite(values)][0]),
            remedy="Find out why: every user must have a value for every metric.",
        )
