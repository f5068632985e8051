"""Evidence: the history items that moved an item's score, by ablation.

Items that look alike are tried, because every trial costs a forward pass over the history. Beside them a few random
ones are, as controls, since leaving out anything moves a score a little: what moves it no further than they do is no
reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

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
    """Log-odds by which the score must move for an item to count; below it is rounding."""
    controls: int = Field(default=2, ge=0, le=50)
    """Random other history items tried for each explained item: evidence must move the score further than each. A short
    history has them before it has a whole shortlist; only one of a single item has none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What moved the score of one item, strongest first: `lowered` has negative effects."""

    raised: tuple[Evidence, ...] = ()
    lowered: tuple[Evidence, ...] = ()


class EvidenceFinder:
    """For one reranker; raises ConfigError as Ablation does."""

    def __init__(self, reranker: Reranker, vectors: Vectors, config: EvidenceConfig | None = None) -> None:
        self._ablation = Ablation(reranker)
        self._vectors = vectors
        self._config = config or EvidenceConfig()

    def find(self, history: UserHistory, ranked: Sequence[RankedItem], terms: Terms = PLAIN) -> tuple[Findings, ...]:
        """For each ranked item what moved its score further than random items do; nothing for one that the LLM did not
        score.
        """
        shown = self._ablation.shown(history)
        scored = [item for item in ranked if item.llm_score is not None]
        tried = self._tried(shown, scored)
        trials: dict[str, list[RankedItem]] = {}  # a request for each history item that is left out
        for item in scored:
            for item_id in tried[item.item.item_id].all:
                trials.setdefault(item_id, []).append(item)
        effects = self._ablation.effects(history, trials, terms)
        return tuple(self._findings(effects.get(i.item.item_id, ()), tried.get(i.item.item_id)) for i in ranked)

    def _findings(self, effects: Sequence[Evidence], tried: "_Tried | None") -> Findings:
        controls = () if tried is None else tried.controls
        raised, lowered = (self._moved(effects, controls, sign) for sign in (1, -1))
        return Findings(raised=raised, lowered=lowered)

    def _moved(self, effects: Sequence[Evidence], controls: Sequence[str], sign: int) -> tuple[Evidence, ...]:
        """What moved the score in one direction, furthest first."""
        by_chance = max((sign * one.effect for one in effects if one.item_id in controls), default=0.0)
        moved = (
            one
            for one in effects
            if one.item_id not in controls
            and sign * one.effect >= self._config.min_effect
            and sign * one.effect > by_chance
        )
        return tuple(sorted(moved, key=lambda one: -sign * one.effect))

    def _tried(self, shown: tuple[str, ...], ranked: Sequence[RankedItem]) -> "dict[str, _Tried]":
        """Which history items are left out for each ranked item: the most similar, and by chance others. The same
        chance for all, so that they share requests; and for the same history always.
        """
        if not shown or not ranked:
            return {item.item.item_id: _Tried() for item in ranked}
        similarity = self._vectors([item.item.item_id for item in ranked]) @ self._vectors(shown).T
        alike = max(1, min(self._config.shortlist, len(shown) - self._config.controls))
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :alike]
        seed = sha256("\n".join(shown).encode(errors="surrogatepass")).digest()[:8]
        by_chance = np.random.default_rng(int.from_bytes(seed)).permutation(len(shown))
        tried = {}
        for item, columns in zip(ranked, nearest, strict=True):
            others = by_chance[~np.isin(by_chance, columns)][: self._config.controls]
            similar, controls = (tuple(shown[i] for i in part) for part in (columns, others))
            tried[item.item.item_id] = _Tried(similar=similar, controls=controls)
        return tried


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tried:
    """Which items of the history are left out for one ranked item."""

    similar: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.similar + self.controls
