"""What the blend knows of a candidate: what each source said, and how it fits the history."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.popularity import item_rows

_OF_SOURCE: Final = ("score", "behind its best", "rank")
_OF_ITEM: Final = (
    "sources that propose it",
    "popularity",
    "times in the history",
    "interactions since it was touched",
    "history length",
    "text like the last item",
    "text like the likest of the last items",
    "text like the last items, mean",
    "share of its category in the history",
    "share of its brand in the history",
    "price against the history's",
)
_LAST: Final = 10  # items of the history that a candidate's text is compared with
_RECENT: Final = 50  # items of the history that category, brand and price are compared with


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposals:
    """The items that the sources propose for a user, each once, and what they said; `matrix` is (items, features)."""

    rows: NDArray[np.intp]
    """Catalogue rows."""

    matrix: NDArray[np.float32]
    """NaN where nothing is known."""

    def best_first(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Places of the items by score; equal ones in the catalogue's order."""
        return np.lexsort((self.rows, -scores))


class Features:
    """Turns what the sources propose for a history into numbers."""

    def __init__(self, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog, sources: Sequence[str]) -> None:
        self._catalogue, self._vectors = catalogue, vectors
        self._popularity = np.log1p(np.bincount(item_rows(log, catalogue), minlength=len(catalogue)))
        self._categories = _codes([item.category for item in catalogue])
        self._brands = _codes([item.brand for item in catalogue])
        prices = [math.nan if item.price is None else math.log1p(item.price) for item in catalogue]
        self._prices = np.array(prices, dtype=np.float32)
        self.names = tuple(f"{source}: {what}" for source in sources for what in _OF_SOURCE) + _OF_ITEM

    def of(self, history: UserHistory, proposed: Sequence[Sequence[Candidate]]) -> Proposals:
        """`proposed` are the candidates of each source, in the order of the sources."""
        places: dict[int, int] = {}
        for candidates in proposed:
            for candidate in candidates:
                places.setdefault(self._catalogue.position(candidate.item.item_id), len(places))
        rows = np.array(list(places), dtype=np.intp)
        said = [self._said(candidates, places) for candidates in proposed]
        columns = [*(column for source in said for column in source.T), *self._fit(history, rows, said)]
        return Proposals(rows=rows, matrix=np.column_stack(columns).astype(np.float32))

    def _said(self, candidates: Sequence[Candidate], places: dict[int, int]) -> NDArray[np.float64]:
        """Shape (items, 3): score, score less the source's best for this user, rank."""
        said = np.full((len(places), len(_OF_SOURCE)), np.nan)
        for candidate in candidates:
            place = places[self._catalogue.position(candidate.item.item_id)]
            said[place] = candidate.score, candidate.score - candidates[0].score, candidate.rank
        return said

    def _fit(
        self, history: UserHistory, rows: NDArray[np.intp], said: Sequence[NDArray[np.float64]]
    ) -> list[NDArray[np.floating]]:
        """The columns _OF_ITEM."""
        known = [i.item_id for i in history.interactions if i.item_id in self._catalogue]
        own = np.array([self._catalogue.position(item_id) for item_id in known], dtype=np.intp)
        likeness = self._likeness(rows, own[-_LAST:])
        touched = rows[:, None] == own[None, :]
        recent = own[-_RECENT:]
        return [
            np.sum([~np.isnan(source[:, 0]) for source in said], axis=0).astype(np.float64),
            self._popularity[rows],
            touched.sum(axis=1).astype(np.float64),
            _since(touched),
            np.full(len(rows), float(len(own))),
            likeness[:, -1],
            likeness.max(axis=1),
            likeness.mean(axis=1),
            _share(self._categories, rows, recent),
            _share(self._brands, rows, recent),
            self._prices[rows] - _mean(self._prices[recent]),
        ]

    def _likeness(self, rows: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[np.float32]:
        """Cosines (items, last items), a column of NaN where there are none."""
        if not len(last):
            return np.full((len(rows), 1), np.nan, dtype=np.float32)
        likeness: NDArray[np.float32] = self._vectors.at(rows) @ self._vectors.at(last).T
        return likeness


def plain(names: Sequence[str]) -> list[str]:
    """The names as LightGBM can keep them, which wants no white space and no JSON signs."""
    return ["".join(letter if letter.isalnum() else "_" for letter in name) for name in names]


def _codes(names: Sequence[str]) -> NDArray[np.intp]:
    """A number for each different name, -1 for none."""
    codes = {name: code for code, name in enumerate(dict.fromkeys(name for name in names if name))}
    return np.array([codes.get(name, -1) for name in names], dtype=np.intp)


def _since(touched: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many interactions ago, from 0; NaN for an item that the history does not hold."""
    steps = touched[:, ::-1].argmax(axis=1) if touched.shape[1] else np.zeros(len(touched))
    return np.where(touched.any(axis=1), steps, np.nan)


def _share(codes: NDArray[np.intp], rows: NDArray[np.intp], own: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of the history that has the item's code; NaN where the item has none, or the history is empty."""
    if not len(own):
        return np.full(len(rows), np.nan)
    counts = np.bincount(codes[own] + 1, minlength=codes.max(initial=-1) + 2)
    return np.where(codes[rows] >= 0, counts[codes[rows] + 1] / len(own), np.nan)


def _mean(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
