"""Another system's first candidates in another order."""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from eval.answerers import chance_of
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever

Candidates = tuple[Candidate, ...]

Score = Callable[[UserHistory, Candidates], NDArray[np.float64]]
"""One score a candidate, shape (K,); the highest comes first."""


class RerankedRetriever:
    """Orders the first candidates of another retriever by a score; the others follow in the retriever's own order."""

    name = "reranked"

    def __init__(self, of: Retriever, candidates: int, score: Score) -> None:
        self._of, self._candidates, self._score = of, candidates, score

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The score is minus the rank: those that were scored and those that follow have no scale in common."""
        if top_n <= 0:
            return ()
        found = self._of.retrieve(history, max(top_n, self._candidates), exclude=exclude)
        first, others = found[: self._candidates], found[self._candidates :]
        best = [first[i] for i in np.argsort(-self._score(history, first), kind="stable")] if first else []
        return tuple(
            Candidate(item=candidate.item, score=-float(rank), source=self.name, rank=rank, sources=candidate.sources)
            for rank, candidate in enumerate([*best, *others][:top_n], start=1)
        )


class Chance:
    """Random scores, the same for a user each time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, history: UserHistory, candidates: Candidates) -> NDArray[np.float64]:
        """One number a candidate, whatever it is."""
        return chance_of(history, self._seed).random(len(candidates))
