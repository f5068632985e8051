"""Rating prediction: how far a system's scores are from the ratings that a protocol holds out."""

from math import nan

import numpy as np

from eval.metrics.ratings import rating_metrics
from eval.protocol import Protocol
from eval.result import Ratings
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.retrievers.base import Retriever


class HeldOutRatings:
    """What the users who are asked gave the items that are held out for them."""

    def __init__(self, protocol: Protocol, catalogue: Catalogue) -> None:
        """Raises DatasetError where none of what is held out, or of what may be learnt from, has a rating."""
        self._histories, self._items = protocol.split.train, frozenset(item.item_id for item in catalogue)
        self._mean = float(protocol.learnt.frame["rating"].mean())
        self._given = _given(protocol)
        if not self._given or np.isnan(self._mean):
            raise DatasetError(
                "this data has no ratings that could be learnt from and predicted",
                field="predicts_ratings",
                value=True,
                remedy="Leave predicts_ratings out, or measure on data with ratings.",
            )

    def measure(self, retriever: Retriever) -> Ratings:
        """RMSE and MAE over all ratings at once. What the retriever does not score is predicted as the mean rating.

        A score counts as it is: it is not moved into the range of the ratings.
        """
        ratings = np.array([rating for given in self._given.values() for rating in given.values()])
        scores = np.array([score for user in self._given for score in self._scores(retriever, user)])
        missing = np.isnan(scores)
        found = rating_metrics(np.where(missing, self._mean, scores), ratings)
        return Ratings(predicted=len(ratings), fallbacks=int(missing.sum()), **found)

    def _scores(self, retriever: Retriever, user_id: str) -> list[float]:
        """One for each item the user rated, NaN where there is none. No other item is asked about."""
        wanted = self._given[user_id]
        answer = retriever.retrieve(
            self._histories.history(user_id), len(wanted), exclude=self._items.difference(wanted)
        )
        scores = {candidate.item.item_id: candidate.score for candidate in answer}
        return [scores.get(item_id, nan) for item_id in wanted]


def _given(protocol: Protocol) -> dict[str, dict[str, float]]:
    """User, then item: the rating, for one item rated twice the mean. Users who rated nothing are left out."""
    frame = protocol.split.held_out.frame
    ratings = frame.groupby(["user_id", "item_id"])["rating"].mean().dropna().to_dict()
    by_user = {
        user: {item: ratings[user, item] for item in protocol.relevant(user) if (user, item) in ratings}
        for user in protocol.users
    }
    return {user: given for user, given in by_user.items() if given}
