"""The nouns: what made an item's score."""

from dataclasses import dataclass
from typing import Literal

from llm_rerank.ranking import AnsweredBy, Evidence, RankedItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one thing adds to a final score; `value` is what was known of it, None where nothing was."""

    name: str
    value: float | None
    effect: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """What a final score is made of: parts and base add up to it. `base` None: there is nothing but the parts.

    weights: each side's share. trees: SHAP values of the learned fusion's features, in log-odds.
    """

    kind: Literal["weights", "trees"]
    parts: tuple[Part, ...]
    base: float | None = None

    @property
    def score(self) -> float:
        """What they add up to."""
        return sum(part.effect for part in self.parts) + (self.base or 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effects:
    """What made one item's score. `degraded` says what is missing of it and why; empty: nothing."""

    ranked: RankedItem
    of: int
    """Items that it stands among, itself included."""
    retrieved: bool
    """Whether it is among those that retrieval proposes; else it was scored as one more."""
    hidden: bool
    """Whether it is kept from what is proposed by what was said of it."""
    retrieval_rank: int | None
    """Where retrieval has it, among the proposed or further down, or would if it were not hidden; None: nowhere."""
    history: tuple[Evidence, ...]
    """Each item of the history that the LLM read: how far the score falls without it; the largest first, either way."""
    composition: Composition
    answered_by: AnsweredBy
    degraded: str = ""
