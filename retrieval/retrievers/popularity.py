"""What everybody buys now: the answer for a user we know nothing about."""

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import SourceConfig
from retrieval.retrievers.candidates import best_candidates

_DAY = np.timedelta64(1, "D")


class PopularityConfig(SourceConfig):
    """Popularity with time decay."""

    kind: Literal["popularity"] = "popularity"

    half_life_days: PositiveFloat = 14.0
    """An interaction this much older than the newest of the whole log counts half."""

    new_item_score: PositiveFloat = 0.01
    """Every item's score before anybody touched it: new items come last, but they come."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


def fit_popularity(config: PopularityConfig, catalogue: Catalogue, log: InteractionLog) -> Arrays:
    """Array `scores`, one a catalogue row: the decayed count of its interactions."""
    scores = np.full(len(catalogue), config.new_item_score)
    np.add.at(scores, item_rows(log, catalogue), _decay(log, config.half_life_days))
    return {"scores": scores}


class PopularityRetriever:
    """Proposes the same items to everybody, whatever the history: it always answers."""

    def __init__(self, config: PopularityConfig, catalogue: Catalogue, arrays: Arrays) -> None:
        self._catalogue = catalogue
        self._scores: NDArray[np.float64] = arrays["scores"]
        self.name = config.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The most popular items."""
        return best_candidates(self._catalogue, self.name, self._scores, top_n, exclude)


def item_rows(log: InteractionLog, catalogue: Catalogue) -> NDArray[np.intp]:
    """The catalogue row of every row of the log."""
    codes, item_ids = log.frame["item_id"].factorize()
    rows: NDArray[np.intp] = np.array([catalogue.position(item_id) for item_id in item_ids], dtype=np.intp)[codes]
    return rows


def _decay(log: InteractionLog, half_life_days: float) -> NDArray[np.float64]:
    times = log.frame["timestamp"]
    ages = (times.max() - times).to_numpy() / _DAY
    decayed: NDArray[np.float64] = np.exp2(-ages / half_life_days)
    return decayed
