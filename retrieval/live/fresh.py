"""Items whose texts the shop's retrievers have never read, found by them."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.taste import weigh
from retrieval.retrievers.text import TextConfig

TextVectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit text vectors of items, shape (len(ids), d)."""

_TEXT: Final = TextConfig()


class FreshRetriever:
    """score = Σ weight × similarity over the anchors of the history: the text retriever's, without its neighbours."""

    name = "new"

    def __init__(self, catalogue: Catalogue, text_vectors: TextVectors, item_ids: Sequence[str]) -> None:
        """`item_ids` are those whose texts are new."""
        self._catalogue, self._text_vectors = catalogue, text_vectors
        self._positions = np.array([catalogue.position(item_id) for item_id in item_ids], dtype=np.intp)
        self._vectors = text_vectors(item_ids)

    def __len__(self) -> int:
        return len(self._positions)

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """Those whose texts are nearest to what the user took; nothing for a user without a history."""
        anchors = weigh(history.interactions, self._catalogue, _TEXT.taste).weightiest(_TEXT.anchors)
        if not len(anchors) or not len(self):
            return ()
        taken = self._text_vectors([self._catalogue.at(position).item_id for position in anchors.positions])
        scores = (anchors.weights @ (taken @ self._vectors.T)).astype(np.float64)
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude, positions=self._positions)
