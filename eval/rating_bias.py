"""How much above or below the mean an item, and a user, is rated: what any prediction of ratings has to beat."""

from collections.abc import Collection
from typing import Literal

import numpy as np
from pydantic import NonNegativeFloat

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.popularity import item_rows
from retrieval.settings import Settings


class RatingBiasConfig(Settings):
    """The mean of all ratings, plus the item's bias, plus the user's (Koren, KDD 2008; LensKit's BiasScorer)."""

    kind: Literal["rating-bias"] = "rating-bias"

    damping: NonNegativeFloat = 5.0
    """How many ratings without any bias every item and every user is taken to have beside its own."""


def fit_rating_bias(config: RatingBiasConfig, catalogue: Catalogue, log: InteractionLog) -> Arrays:
    """`mean` is a number, -inf where nobody rated anything; `items` one bias a catalogue row, 0 for an unrated item."""
    ratings = log.frame["rating"].to_numpy(dtype=np.float64)
    rated = np.isfinite(ratings)
    mean = ratings[rated].mean() if rated.any() else -np.inf
    rows, above = item_rows(log, catalogue)[rated], ratings[rated] - mean
    sums, counts = (np.bincount(rows, weights, minlength=len(catalogue)) for weights in (above, np.ones(len(rows))))
    items = np.divide(sums, counts + config.damping, out=np.zeros(len(catalogue)), where=counts > 0)
    return {"mean": np.array(mean), "items": items}


class RatingBiasRetriever:
    """Its scores are ratings. A user's bias is that of the history at hand, 0 for one without ratings."""

    name = "rating-bias"

    def __init__(self, config: RatingBiasConfig, catalogue: Catalogue, arrays: Arrays) -> None:
        self._damping, self._catalogue = config.damping, catalogue
        self._ratings = arrays["mean"] + arrays["items"]

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items whose predicted ratings are highest; none where no rating was learnt."""
        if np.isneginf(self._ratings).all():
            return ()
        scores = self._ratings + self._bias(history)
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude)

    def _bias(self, history: UserHistory) -> float:
        above = [
            interaction.rating - self._ratings[self._catalogue.position(interaction.item_id)]
            for interaction in history.interactions
            if interaction.rating is not None and interaction.item_id in self._catalogue
        ]
        return float(np.sum(above)) / (len(above) + self._damping) if above else 0.0
