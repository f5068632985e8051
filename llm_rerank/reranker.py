"""The reranker: candidates in, the LLM's opinion of each and the fused order out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import Engine, ScoringRequest
from llm_rerank.fusion import Fusion, Scores, WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Method, RankedItem
from llm_rerank.terms import PLAIN, Terms
from retrieval.catalogue import Catalogue
from retrieval.errors import EngineError
from retrieval.records import Candidate, Item, UserHistory

_WINDOW = 20
"""Candidates in one lettered list; beyond about 20 its quality collapses (Lyu & Xia 2026)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One user's history, and the items to be scored for it."""

    history: UserHistory
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateList:
    """What is to be put in order for one user, each item once."""

    history: UserHistory
    candidates: tuple[Candidate, ...]
    fusion: Fusion | None = None
    """In place of the reranker's own."""

    @classmethod
    def of(cls, history: UserHistory, candidates: Sequence[Candidate], fusion: Fusion | None = None) -> "CandidateList":
        """A candidate given twice counts once, where it stood first."""
        first: dict[str, Candidate] = {}
        for candidate in candidates:
            first.setdefault(candidate.item.item_id, candidate)
        return cls(history=history, candidates=tuple(first.values()), fusion=fusion)

    @property
    def query(self) -> Query:
        """What the LLM is asked."""
        return Query(history=self.history, items=tuple(candidate.item for candidate in self.candidates))


ALONE: Final = WeightedFusion(llm_weight=1.0)
"""The LLM's order: of items that retrieval has no opinion of."""


class Reranker:
    """Scores with an engine and a prompt, and fuses with what retrieval says."""

    def __init__(
        self,
        engine: Engine,
        prompt: Prompt,
        catalogue: Catalogue,
        *,
        method: Method = "packed",
        fusion: Fusion,
        model: str | None = None,
        adapter: str | None = None,
    ) -> None:
        """`model` is the fingerprint of the engine's model, `adapter` the id of the one whose weights it has."""
        self.engine = engine
        self.prompt = prompt
        self.catalogue = catalogue
        self.method = method
        self.fusion = fusion
        self.model = model
        self.adapter = adapter

    def score(self, queries: Sequence[Query], terms: Terms = PLAIN) -> tuple[Scores, ...]:
        """The LLM's score of every item, one array (K,) a query; several users share forward passes.

        packed: log-odds of yes, comparable between users. letters: log-probability within the item's list of up to 20.
        """
        write = self._yes_no if self.method == "packed" else self._letters
        requests = [write(query, terms.instruction) for query in queries]
        asked = [replace(request, salt=terms.salt, priority=terms.priority) for group in requests for request in group]
        logits = iter(self.engine.score(asked, cancel=terms.cancel))
        read = _log_odds if self.method == "packed" else _log_probabilities
        scores = tuple(np.concatenate([np.empty(0), *(read(next(logits)) for _ in group)]) for group in requests)
        if not all(np.isfinite(of_query).all() for of_query in scores):
            raise EngineError(
                "the model gave scores that are not numbers",
                field="engine",
                value=self.engine.name,
                remedy="Use float32, or another model",
            )
        return scores

    def rerank(
        self,
        history: UserHistory,
        candidates: Sequence[Candidate],
        *,
        fusion: Fusion | None = None,
        terms: Terms = PLAIN,
    ) -> tuple[RankedItem, ...]:
        """All candidates in their final order. A candidate given twice counts once, where it stood first.

        `fusion` takes the place of the reranker's own for this list.
        """
        asked = CandidateList.of(history, candidates, fusion)
        (llm,) = self.score([asked.query], terms)
        return self.fuse(asked, llm)

    def fuse(self, asked: CandidateList, llm: Scores | None) -> tuple[RankedItem, ...]:
        """The final order, by the LLM's scores, shape (K,). None: it did not answer, and what order there is stays."""
        fusion = asked.fusion or self.fusion
        if llm is None:
            return _order(asked.candidates, fusion.without_llm(asked.candidates), None)
        return _order(asked.candidates, fusion.scores(asked.history, asked.candidates, llm), llm)

    def close(self) -> None:
        """Lets go of the model."""
        self.engine.close()

    def _yes_no(self, query: Query, instruction: str | None) -> list[ScoringRequest]:
        return [self.prompt.yes_no(query.history, query.items, self.catalogue, instruction=instruction)]

    def _letters(self, query: Query, instruction: str | None) -> list[ScoringRequest]:
        # Lists of like length: an item alone in the last one would have a probability of 1.
        count = -(-len(query.items) // _WINDOW)
        bounds = [len(query.items) * i // count for i in range(count + 1)] if count else []
        lists = [query.items[start:stop] for start, stop in pairwise(bounds)]
        return [self.prompt.letters(query.history, items, self.catalogue, instruction=instruction) for items in lists]


def _order(candidates: Sequence[Candidate], scores: Scores, llm: Scores | None) -> tuple[RankedItem, ...]:
    """Candidates by score, best first; equal scores stay in the order given. `llm` None: the LLM was not asked."""
    llm_rank = None if llm is None else _ranks(llm)
    return tuple(
        RankedItem(
            item=candidates[i].item,
            rank=rank,
            score=float(scores[i]),
            retrieval_rank=candidates[i].rank,
            llm_score=None if llm is None else float(llm[i]),
            llm_rank=None if llm_rank is None else llm_rank[i],
            sources=candidates[i].sources,
        )
        for rank, i in enumerate(np.argsort(-scores, kind="stable"), start=1)
    )


def _ranks(scores: Scores) -> list[int]:
    """The rank of every position, from 1."""
    ranks = np.empty(len(scores), dtype=int)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return [int(rank) for rank in ranks]


def _log_odds(logits: NDArray[np.float32]) -> Scores:
    """Logits of yes and no, shape (K, 2), to log-odds of yes."""
    wide = logits.astype(np.float64)
    return wide[:, 0] - wide[:, 1]


def _log_probabilities(logits: NDArray[np.float32]) -> Scores:
    """Logits of the letters of one list, shape (1, K), to log-probabilities among just these letters."""
    row: Scores = logits[0].astype(np.float64)
    row -= row.max()
    row -= np.log(np.exp(row).sum())
    return row
