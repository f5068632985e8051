"""What reads like the things this user bought: the only source that knows items nobody has bought yet."""

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

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

    anchors: PositiveInt = 10
    """How many items of the history, the weightiest, are looked up in the index."""

    neighbours: PositiveInt = 20
    """How many neighbours each of them proposes, itself included."""

    taste: TasteConfig = TasteConfig(half_life_days=180.0, power=1.0)
    """How much each item of the history counts."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class TextRetriever:
    """score = Σ weight × similarity over the anchors that have the item among their neighbours.

    One user vector would not do: the mean of bread, soap and batteries is near nothing that is sold (recall@100 on
    Complete Journey's validation baskets: 0.003 for the mean, 0.13 for the neighbours of 10 anchors).
    """

    def __init__(self, config: TextConfig, catalogue: Catalogue, vectors: ItemVectors, index: VectorIndex) -> None:
        self._config = config
        self._catalogue = catalogue
        self._vectors = vectors
        self._index = index
        self.name = config.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items nearest to single items of the history, at most anchors × neighbours of them."""
        taste = weigh(history.interactions, self._catalogue, self._config.taste)
        anchors = taste.weightiest(self._config.anchors)
        if not len(anchors):
            return ()
        positions, scores = self._neighbours(anchors)
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude, positions=positions)

    def _neighbours(self, anchors: Taste) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Catalogue rows and scores. What came into the index after the catalogue was read is left out."""
        scores: dict[str, float] = {}
        found = self._index.search(self._vectors.at(anchors.positions), self._config.neighbours)
        for weight, neighbours in zip(anchors.weights.tolist(), found, strict=True):
            for item_id, similarity in neighbours:
                scores[item_id] = scores.get(item_id, 0.0) + weight * similarity
        known = {self._catalogue.position(item_id): scores[item_id] for item_id in scores if item_id in self._catalogue}
        return np.array(list(known), dtype=np.intp), np.array(list(known.values()), dtype=np.float64)
