"""What users with like histories do: one retriever, whatever model scores the items."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.records import Candidate, Interaction, UserHistory
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.taste import Taste

ReadTaste = Callable[[Sequence[Interaction], Catalogue], Taste]


class Scorer(Protocol):
    """A fitted model. Its columns are the items it was fitted on, numbered from 0."""

    def __call__(self, user_id: str, columns: NDArray[np.intp], weights: NDArray[np.float32]) -> NDArray[np.floating]:
        """A score for every column; `columns` and `weights` are the history. -inf: nothing is known."""
        ...


class CollaborativeRetriever:
    """Knows only the items its model was fitted on, and nothing of a history that holds none of them."""

    def __init__(
        self, name: str, read: ReadTaste, catalogue: Catalogue, items: NDArray[np.intp], scorer: Scorer
    ) -> None:
        """`read` says what a history's items weigh; `items[c]` is the catalogue row of the model's column c."""
        self.name = name
        self._read = read
        self._catalogue = catalogue
        self._items = items
        self._scorer = scorer
        self._column = np.full(len(catalogue), -1, dtype=np.intp)
        self._column[items] = np.arange(len(items))

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items that the model scores highest for this history."""
        taste = self._read(history.interactions, self._catalogue)
        columns = self._column[taste.positions]
        known = columns >= 0
        if not known.any():
            return ()
        scores = self._scorer(history.user_id, columns[known], taste.weights[known])
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude, positions=self._items)
