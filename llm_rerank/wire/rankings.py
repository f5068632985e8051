"""A ranking: how it is asked for, the answer, and its receipt."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from llm_rerank.ranking import AnsweredBy, ExplanationSource, Language
from llm_rerank.wire.base import COUNTED, Answered, Id, Priority, Sent
from llm_rerank.wire.feedback import SaidOut
from llm_rerank.wire.interactions import InteractionIn

Origin = Literal["own", "others", "popular", "new"]
"""own: what they bought themselves, or viewed, rated or liked. others: what people bought who bought like things.
popular: what everybody buys now. new: what they have not touched and reads like what they did, is new in the catalogue,
or nobody has bought."""
Cause = Literal["database", "overload", "deadline", "engine"]

_ONE_OF_THEM: Final[list[JsonValue]] = [
    {"required": [one], "properties": {one: {"not": {"type": "null"}}, other: {"type": "null"}}}
    for one, other in (("user_id", "history"), ("history", "user_id"))
]


class WhoIn(Sent):
    """Whose history is read, as it is or otherwise, in which words the model is asked, and until when."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_OF_THEM})

    user_id: Id | None = None
    history: list[InteractionIn] | None = None
    """In place of what is known of a user; the oldest first where there are no times."""
    without: list[Id] | None = None
    """Items of the history that are passed over, as if they had never been touched."""
    added: list[Id] | None = None
    """Items that are taken for bought just now, after all else."""
    instruction: str | None = Field(default=None, min_length=1, max_length=1000)
    """What the model is told, in place of the configured instruction."""
    deadline_ms: float | None = Field(default=None, strict=True, gt=0, allow_inf_nan=False)
    """What is not known by then is left out, and the answer says so. None: the service's own limit, 30 s by default."""

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if (self.user_id is None) == (self.history is None):
            raise ValueError("give user_id or history, one of them")
        return self


class RecommendIn(WhoIn):
    """One user's request for a ranking."""

    item_ids: list[Id] | None = None
    """These are ranked and no others, on sale or withdrawn; none: what retrieval proposes."""
    top_n: Annotated[int, Field(ge=1), COUNTED] = 10
    """At most so many: no more come than the service's configuration has `candidates`, unless `item_ids` names them."""
    explained: Annotated[int, Field(ge=0), COUNTED] = 0
    """How many of the first items get a reason."""
    language: Language = "en"
    priority: Priority = 0
    """The lower, the sooner, where the model has more to do than it can at once."""


class EvidenceOut(Answered):
    """A history item that moved the score; `effect` in log-odds: how far the score falls without it."""

    item_id: str
    title: str
    effect: float


class ExplanationOut(Answered):
    """Why this item: every name in it was checked."""

    text: str
    """Empty where nothing speaks for the item strongly enough, or nothing that is short and not said of another."""
    language: Language
    source: ExplanationSource
    evidence: list[EvidenceOut]
    """What the text cites."""
    against: list[EvidenceOut] = Field(default_factory=list)
    """What the text says to speak against the item."""
    rejected: str = ""
    """Why the model's own text is not shown, where it is not: what the check said."""


class SourceOut(Answered):
    """A source that proposed the item: the rank it has there, from 1, and the score, on the source's own scale."""

    source: str
    rank: int
    score: float


class RankedItemOut(Answered):
    """One place."""

    item_id: str
    title: str
    rank: int
    score: float
    """What the order is by, on one scale whoever answered."""
    retrieval_rank: int
    scored: bool
    """Whether the LLM scored it."""
    llm_score: float | None
    """Its log-odds of yes."""
    explanation: ExplanationOut | None
    sources: list[SourceOut] = Field(default_factory=list)
    """Those that proposed it; none where the request named it."""
    origin: Origin | None = None
    """What the source is that placed it best."""


class DegradedOut(Answered):
    """That something is missing, and why."""

    answered_by: AnsweredBy
    """Whose order it is."""
    because: str
    """For a person."""
    reasons: list[Cause] = Field(default_factory=list)
    """The same for a program. overload: its deadline passed before there was a place at the model."""


class ObeyedOut(Answered):
    """What of a user's feedback changed this answer."""

    hidden: list[str] = Field(default_factory=list)
    """Items that would have been among the candidates, the best first."""
    liked: list[str] = Field(default_factory=list)
    """Items that count as acts of the history, the newest first."""


class RecommendOut(Answered):
    """The ranking."""

    ranking_id: str | None
    """Names it in feedback; none where it could not be kept."""
    user_id: str
    """A new one where the history was given, under which this ranking can be forgotten."""
    items: list[RankedItemOut]
    scored: int
    """How many of the items the LLM scored."""
    degraded: DegradedOut | None
    model: str
    adapter: str | None
    llm_weight: float
    timings_ms: dict[str, float]
    obeyed: ObeyedOut = Field(default_factory=ObeyedOut)


class RankingOut(Answered):
    """A ranking as it was answered."""

    ranking_id: str
    at: datetime
    request: dict[str, Any]
    answer: dict[str, Any]
    made_with: dict[str, Any]
    """The model, the adapter and the prompt by their fingerprints, the history and the items by digests of what was
    read of them."""
    feedback: list[SaidOut]


class ReplayedItemOut(Answered):
    """What the LLM said of an item, and what it says now: log-odds of yes."""

    item_id: str
    then: float
    now: float


class ReplayOut(Answered):
    """A ranking scored again."""

    ranking_id: str
    same: bool
    """Whether every score could be compared, and none differs by more than 0.001."""
    largest_difference: float
    items: list[ReplayedItemOut]
    """Those that the LLM had scored."""
    not_sold: list[str]
    """Those of them that are not in the catalogue any more."""
    changed: list[str]
    """What is not as it was: of the model, the adapter, the prompt, the method, the engine, and of what was read: the
    history (its titles) and the items."""
