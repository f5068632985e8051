"""Evidence: the history items that raised an item's score, by ablation.

Items that look alike are tried first, because every trial costs a forward pass over the history.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from llm_rerank.explanations.ablation import Ablation
from llm_rerank.ranking import Evidence, RankedItem
from llm_rerank.reranker import Reranker
from llm_rerank.terms import PLAIN, Terms
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
    """For one reranker; raises ConfigError as Ablation does."""

    def __init__(self, reranker: Reranker, vectors: Vectors, config: EvidenceConfig | None = None) -> None:
        self._ablation = Ablation(reranker)
        self._vectors = vectors
        self._config = config or EvidenceConfig()

    def find(
        self, history: UserHistory, ranked: Sequence[RankedItem], terms: Terms = PLAIN
    ) -> tuple[tuple[Evidence, ...], ...]:
        """For each ranked item its evidence, strongest first; () where none that was tried raised its score.

        An item that the LLM did not score has no evidence.
        """
        scored = [item for item in ranked if item.llm_score is not None]
        trials = self._trials(self._ablation.shown(history), scored)
        effects = self._ablation.effects(history, trials, terms)
        return tuple(self._that_raised(effects.get(item.item.item_id, ())) for item in ranked)

    def _that_raised(self, effects: Sequence[Evidence]) -> tuple[Evidence, ...]:
        raised = (one for one in effects if one.effect >= self._config.min_effect)
        return tuple(sorted(raised, key=lambda one: -one.effect))

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
