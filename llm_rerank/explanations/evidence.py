"""Evidence by ablation: which history items raised this item's score, and by how much.

    effect of h on item i = score(i | history) - score(i | history without h)

It is the ranker's own score, not a surrogate's. Items that look alike are tried first, because every trial costs a
forward pass over the history.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from llm_rerank.ranking import Evidence, RankedItem
from llm_rerank.reranker import Query, Reranker
from llm_rerank.terms import PLAIN, Terms
from retrieval.errors import ConfigError
from retrieval.records import UserHistory
from retrieval.settings import Settings

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit text vectors of items, shape (len(ids), d)."""


class EvidenceConfig(Settings):
    """How hard to look for evidence."""

    shortlist: int = Field(default=4, ge=1, le=50)
    """History items tried for each explained item: those most similar in text."""
    min_effect: float = Field(default=0.01, gt=0)
    """Log-odds by which the score must fall for an item to count; below it is rounding."""


class EvidenceFinder:
    """Ablates with the reranker that made the ranking."""

    def __init__(self, reranker: Reranker, vectors: Vectors, config: EvidenceConfig | None = None) -> None:
        if reranker.method != "packed":
            raise ConfigError(
                "evidence needs scores that do not depend on the rest of the list",
                field="method",
                value=reranker.method,
                remedy="Explain with method: packed",
            )
        self._reranker = reranker
        self._vectors = vectors
        self._config = config or EvidenceConfig()

    def find(
        self, history: UserHistory, ranked: Sequence[RankedItem], terms: Terms = PLAIN
    ) -> tuple[tuple[Evidence, ...], ...]:
        """For each ranked item its evidence, strongest first; () where none that was tried raised its score.

        An item that the LLM did not score has no evidence.
        """
        shown = self._reranker.prompt.shown_items(history, self._reranker.catalogue)
        scored = [item for item in ranked if item.llm_score is not None]
        trials = self._trials(shown, scored)
        queries = [
            Query(
                # Only what the prompt shows: without this an older item would move up into the gap.
                history=history.only(set(shown) - {item_id}),
                items=tuple(item.item for item in items),
            )
            for item_id, items in trials.items()
        ]
        without = self._reranker.score(queries, terms)
        effects: dict[str, list[Evidence]] = {}
        for (cited, items), scores in zip(trials.items(), without, strict=True):
            title = self._reranker.catalogue[cited].title
            for item, score in zip(items, scores, strict=True):
                effect = (item.llm_score or 0.0) - float(score)
                if effect >= self._config.min_effect:
                    evidence = Evidence(item_id=cited, title=title, effect=effect)
                    effects.setdefault(item.item.item_id, []).append(evidence)
        return tuple(tuple(sorted(effects.get(item.item.item_id, ()), key=lambda e: -e.effect)) for item in ranked)

    def _trials(self, shown: tuple[str, ...], ranked: Sequence[RankedItem]) -> dict[str, list[RankedItem]]:
        """Which history items to leave out, each with the ranked items it is tried on: one request a history item."""
        if not shown or not ranked:
            return {}
        similarity = self._vectors([item.item.item_id for item in ranked]) @ self._vectors(shown).T
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, : self._config.shortlist]
        trials: dict[str, list[RankedItem]] = {}
        for item, columns in zip(ranked, nearest, strict=True):
            for column in columns:
                trials.setdefault(shown[column], []).append(item)
        return trials
