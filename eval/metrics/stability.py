"""How much a ranking depends on what it should not depend on, such as the order that candidates are read in."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eval.metrics.lenskit import overlap
from retrieval.errors import DataError

PERSISTENCE = 0.9


@dataclass(frozen=True, slots=True)
class RankChurn:
    """Over all pairs of runs: how many places an item moves, and how often another item comes first."""

    places: float
    top_flips: float


def rank_biased_overlap(first: NDArray[np.int32], second: NDArray[np.int32]) -> float:
    """1 for the same ranking, 0 for lists without a common item; early places weigh most, as LensKit computes it."""
    if not (len(first) and len(second)):
        raise DataError("an empty list overlaps with nothing", field="ranking", value=[], remedy="Leave this user out.")
    return overlap(first, second, PERSISTENCE)


def rank_churn(rankings: NDArray[np.int32]) -> RankChurn:
    """`rankings` (runs, n): row r is the same n items, best first, as run r ranked them after its own shuffle."""
    if len(rankings) < 2 or not (np.sort(rankings) == np.sort(rankings[:1])).all():
        raise DataError(
            "churn is measured between runs over the same items",
            field="rankings",
            value=rankings.shape,
            remedy="Rank the same candidates at least twice.",
        )
    ranks = np.argsort(rankings, axis=1)  # (runs, n): the rank of each item, items in the order of their rows
    pairs = list(combinations(range(len(rankings)), 2))
    moved = [np.abs(ranks[a] - ranks[b]).mean() for a, b in pairs]
    flips = [rankings[a, 0] != rankings[b, 0] for a, b in pairs]
    return RankChurn(places=float(np.mean(moved)), top_flips=float(np.mean(flips)))
