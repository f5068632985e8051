"""What reads like the things this user bought: the only source that knows items nobody has bought yet."""

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.indexes.base import VectorIndex
from retrieval.item_vectors import ItemVectors
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import SourceConfig, TasteConfig
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.taste import Taste, weigh


class TextConfig(SourceConfig):
    """Nearest neighbours, by text, of what the user bought."""

    kind: Literal["text"] = "text"

    taste: TasteConfig = TasteConfig(half_life_days=30.0, power=0.5)
    """How much each item of the history counts in the user's vector."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class TextRetriever:
    """The user's vector is the weighted sum of the vectors of the history's items, looked up in the index."""

    def __init__(self, config: TextConfig, catalogue: Catalogue, vectors: ItemVectors, index: VectorIndex) -> None:
        self._config = config
        self._catalogue = catalogue
        self._vectors = vectors
        self._index = index
        self.name = config.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items nearest to the user's vector."""
        taste = weigh(history.interactions, self._catalogue, self._config.taste)
        if top_n <= 0 or not len(taste):
            return ()
        (found,) = self._index.search(self._user_vector(taste), top_n + len(exclude))
        known = [(self._catalogue.position(item_id), score) for item_id, score in found if item_id in self._catalogue]
        positions = np.array([position for position, _ in known], dtype=np.intp)
        scores = np.array([score for _, score in known])
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude, positions=positions)

    def _user_vector(self, taste: Taste) -> NDArray[np.float32]:
        """Shape (1, dimension), of length 1."""
        vector = taste.weights @ self._vectors.at(taste.positions)
        return (vector / max(float(np.linalg.norm(vector)), 1e-12))[np.newaxis].astype(np.float32)
