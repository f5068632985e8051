"""What a history says of the items in it: which, and how much each one counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.records import Interaction
from retrieval.retrievers.base import TasteConfig

_SECONDS_PER_DAY = 86_400
_MOST_HALVINGS = 50.0  # what is very old stays above zero, so that it still outweighs what was never bought


@dataclass(frozen=True, kw_only=True, slots=True)
class Taste:
    """The distinct items of a history: `positions` are ascending rows of the catalogue, `weights` are > 0."""

    positions: NDArray[np.intp]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.positions)

    def weightiest(self, count: int) -> "Taste":
        """The `count` items that weigh most, in the order of the catalogue."""
        best = np.sort(np.argsort(-self.weights, kind="stable")[:count])
        return Taste(positions=self.positions[best], weights=self.weights[best])


def weigh(interactions: Sequence[Interaction], catalogue: Catalogue, config: TasteConfig) -> Taste:
    """Sums the decayed interactions of every item that the catalogue holds; ages count from the newest interaction."""
    known, positions, place = _group(interactions, catalogue)
    decayed = np.bincount(place, _decay(known, config.half_life_days), minlength=len(positions))
    return Taste(positions=positions, weights=(decayed**config.power).astype(np.float32))


def rate(interactions: Sequence[Interaction], catalogue: Catalogue) -> Taste:
    """The mean rating of every item; where the user rated none of its interactions, 1 + log of how many there are."""
    known, positions, place = _group(interactions, catalogue)
    ratings = np.array([np.nan if i.rating is None else i.rating for i in known], dtype=np.float64)
    rated = np.isfinite(ratings)
    times = np.bincount(place, minlength=len(positions))
    sums = np.bincount(place[rated], ratings[rated], minlength=len(positions))
    counts = np.bincount(place[rated], minlength=len(positions))
    weights = np.where(counts > 0, sums / np.maximum(counts, 1), 1 + np.log(times))
    return Taste(positions=positions, weights=weights.astype(np.float32))


def _group(
    interactions: Sequence[Interaction], catalogue: Catalogue
) -> tuple[list[Interaction], NDArray[np.intp], NDArray[np.intp]]:
    """The interactions with items of the catalogue, the rows of those items, and for each interaction which of them."""
    known = [i for i in interactions if i.item_id in catalogue]
    rows = np.array([catalogue.position(i.item_id) for i in known], dtype=np.intp)
    positions, place = np.unique(rows, return_inverse=True)
    return known, positions, place


def _decay(interactions: Sequence[Interaction], half_life_days: float | None) -> NDArray[np.float64]:
    if half_life_days is None or not interactions:
        return np.ones(len(interactions))
    seconds = np.array([i.timestamp.timestamp() for i in interactions])
    halvings = np.minimum((seconds.max() - seconds) / (_SECONDS_PER_DAY * half_life_days), _MOST_HALVINGS)
    decayed: NDArray[np.float64] = np.exp2(-halvings)
    return decayed
