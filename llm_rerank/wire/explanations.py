"""A ranking with its reasons as they come: how it is asked for, and the events of the answer, by their names."""

from typing import Annotated, Literal

from pydantic import Field

from llm_rerank.wire.base import COUNTED, Answered
from llm_rerank.wire.errors import AboutError
from llm_rerank.wire.rankings import DegradedOut, EvidenceOut, ExplanationOut, RecommendIn, RecommendOut


class ExplainIn(RecommendIn):
    """One user's request for reasons."""

    explained: Annotated[int, Field(ge=1), COUNTED] = 3
    """How many of the first items get a reason."""
    drafts: bool = Field(default=False, strict=True)
    """Whether to send what the model writes before it is checked, too: for operators, with a key of the scope admin."""


class RankingEvent(Answered):
    """The ranking, without its reasons."""

    event: Literal["ranking"] = "ranking"
    ranking: RecommendOut


class EvidenceEvent(Answered):
    """What moved the score of an item further than random acts do, the strongest first: computed, and true whatever is
    said of it.
    """

    event: Literal["evidence"] = "evidence"
    item_id: str
    evidence: list[EvidenceOut]
    """What raised it."""
    against: list[EvidenceOut] = Field(default_factory=list)
    """What lowered it."""


class DraftEvent(Answered):
    """The next characters of what the model writes in this attempt, from 1."""

    event: Literal["draft"] = "draft"
    item_id: str
    attempt: int
    text: str
    checked: Literal[False] = False
    """Nobody has checked them: not for those who buy."""


class ExplanationEvent(Answered):
    """A reason, checked."""

    event: Literal["explanation"] = "explanation"
    item_id: str
    explanation: ExplanationOut


class DoneEvent(Answered):
    """No more comes. What is missing, and why."""

    event: Literal["done"] = "done"
    ranking_id: str | None
    degraded: DegradedOut | None
    timings_ms: dict[str, float]


class ErrorEvent(Answered):
    """It broke off."""

    event: Literal["error"] = "error"
    error: AboutError


Event = Annotated[
    RankingEvent | EvidenceEvent | DraftEvent | ExplanationEvent | DoneEvent | ErrorEvent, Field(discriminator="event")
]
