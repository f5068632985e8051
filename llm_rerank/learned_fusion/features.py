"""What the trees know of a candidate: what the LLM, retrieval and each source said, and how it fits the history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from llm_rerank.fusion import Scores
from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.blend.features import Features, plain

RETRIEVAL: Final = "retrieval"
LLM: Final = "LLM"


class FusionFeatures:
    """The features of retrieval's blend, with retrieval itself and the LLM as two sources more.

    A source's three are its score, by how much its best is better, and its rank; the others are popularity, how often
    and how long ago the user took the item, its text, category and brand against the history's, and its price.
    """

    def __init__(self, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog, sources: Sequence[str]) -> None:
        """`sources` are the names that candidates' `sources` bear."""
        self._sources = tuple(sources)
        self._features = Features(catalogue, vectors, log, (RETRIEVAL, LLM, *self._sources))
        self.names = tuple(plain(self._features.names))

    @property
    def of_llm(self) -> tuple[int, ...]:
        """The columns that are the LLM's."""
        return tuple(place for place, name in enumerate(self.names) if name.startswith(f"{LLM}_"))

    def of(self, history: UserHistory, candidates: Sequence[Candidate], llm: Scores) -> NDArray[np.float32]:
        """Shape (K, features), in the candidates' order; NaN where nothing is known."""
        said = [_by_llm(candidates, llm), *(_by_source(candidates, source) for source in self._sources)]
        return self._features.of(history, [candidates, *said]).matrix


def _by_llm(candidates: Sequence[Candidate], llm: Scores) -> list[Candidate]:
    """The candidates in the LLM's order, with its scores."""
    return [
        replace(candidates[place], score=float(llm[place]), rank=rank)
        for rank, place in enumerate(np.argsort(-llm, kind="stable"), start=1)
    ]


def _by_source(candidates: Sequence[Candidate], source: str) -> list[Candidate]:
    """Those that a source proposed, in its order, with its scores."""
    said = [
        replace(candidate, score=one.score, rank=one.rank)
        for candidate in candidates
        for one in candidate.sources
        if one.source == source
    ]
    return sorted(said, key=lambda candidate: candidate.rank)
