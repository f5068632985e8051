"""Why an item stands where it does, or does not."""

from typing import Literal

from pydantic import Field

from llm_rerank.wire.base import Answered, Id
from llm_rerank.wire.rankings import DegradedOut, Origin, SourceOut, WhoIn


class EffectsIn(WhoIn):
    """One user's question about one item of the catalogue."""

    item_id: Id


class EffectOut(Answered):
    """An item of the history, and how far the LLM's score falls without it, in log-odds; it rises where negative."""

    item_id: str
    title: str
    effect: float


class PartOut(Answered):
    """What one thing adds to the final score; `value` is what was known of it, none where nothing was."""

    name: str
    value: float | None
    effect: float


class FusionOut(Answered):
    """What the final score is made of: parts and base add up to it."""

    kind: Literal["weights", "trees"]
    """weights: the shares of the LLM and of retrieval. trees: SHAP values of the learned fusion, the largest and the
    rest."""
    parts: list[PartOut]
    base: float | None


class EffectsOut(Answered):
    """Where it stands, or would, and why."""

    item_id: str
    title: str
    available: bool
    """Whether it may be recommended."""
    retrieved: bool
    """Whether retrieval proposes it; else it was scored as one candidate more."""
    hidden: bool = False
    """Whether what the user said of it keeps it from what is proposed."""
    retrieval_rank: int | None
    """Where retrieval has it, among what it proposes or behind that, or would if it were not hidden; none: nowhere."""
    rank: int
    of: int
    """How many it stands among, itself included."""
    score: float
    llm_score: float | None
    llm_rank: int | None
    sources: list[SourceOut] = Field(default_factory=list)
    origin: Origin | None = None
    history: list[EffectOut]
    """Every item of it that the model read, the largest effect first, whichever way it goes."""
    fusion: FusionOut
    degraded: DegradedOut | None
