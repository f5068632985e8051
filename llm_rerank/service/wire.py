"""What goes over the wire: the one request model of ours, and its answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from llm_rerank.ranking import AnsweredBy, Explanation, ExplanationSource, Language, RankedItem, Ranking
from llm_rerank.request import RankingRequest
from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, InteractionKind, UserHistory
from retrieval.store.interactions import KeyedInteraction
from retrieval.store.rankings import FeedbackKind, KeptRanking

Id = Annotated[str, Field(min_length=1, max_length=256)]


class Wire(BaseModel):
    """A misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class InteractionIn(Wire):
    """One thing a user did."""

    item_id: Id
    timestamp: AwareDatetime | None = None
    """With a time zone; none: now."""
    kind: InteractionKind = "purchase"
    rating: float | None = Field(default=None, allow_inf_nan=False)
    text: str = Field(default="", max_length=10_000)

    def of(self, user_id: str, now: datetime) -> Interaction:
        """As floor 1 has it."""
        said = self.model_dump(include={"item_id", "kind", "rating", "text"})
        return Interaction(user_id=user_id, timestamp=(self.timestamp or now).astimezone(UTC), **said)


class RecommendIn(Wire):
    """One user's request: whose history, or the history itself."""

    user_id: Id | None = None
    history: list[InteractionIn] | None = None
    """In place of what is known of a user; the oldest first where there are no times."""
    item_ids: list[Id] | None = None
    """These are ranked, and no others; none: what retrieval proposes."""
    top_n: int = Field(default=10, ge=1)
    explained: int = Field(default=0, ge=0)
    """How many of the first items get a reason."""
    language: Language = "en"
    instruction: str | None = Field(default=None, min_length=1, max_length=1000)
    """What the model is told, in place of the configured instruction."""
    deadline_ms: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """What is not known by then is left out, and the answer says so."""

    @model_validator(mode="after")
    def _of_somebody(self) -> "RecommendIn":
        if (self.user_id is None) == (self.history is None):
            raise ValueError("give user_id or history, one of them")
        return self

    def request(self, history: UserHistory) -> RankingRequest:
        """As the recommender has it."""
        return RankingRequest(
            history=history,
            item_ids=None if self.item_ids is None else tuple(self.item_ids),
            top_n=self.top_n,
            explained=self.explained,
            language=self.language,
            instruction=self.instruction,
        )


class EvidenceOut(Wire):
    """A history item that raised the score; `effect` in log-odds."""

    item_id: str
    title: str
    effect: float


class ExplanationOut(Wire):
    """Why this item: every name in it was checked."""

    text: str
    language: Language
    source: ExplanationSource
    evidence: list[EvidenceOut]


class RankedItemOut(Wire):
    """One place."""

    item_id: str
    title: str
    rank: int
    score: float
    retrieval_rank: int
    scored: bool
    """Whether the LLM scored it."""
    llm_score: float | None
    """Its log-odds of yes."""
    explanation: ExplanationOut | None


class DegradedOut(Wire):
    """That something is missing, and why."""

    answered_by: AnsweredBy
    because: str


class RecommendOut(Wire):
    """The ranking."""

    ranking_id: str | None
    """Names it in feedback; none where it could not be kept."""
    user_id: str
    items: list[RankedItemOut]
    scored: int
    """How many of the items the LLM scored."""
    degraded: DegradedOut | None
    model: str
    adapter: str | None
    llm_weight: float
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, ranking: Ranking, ranking_id: str | None) -> "RecommendOut":
        """As floor 2 has it."""
        missing = DegradedOut(answered_by=ranking.answered_by, because=ranking.degraded) if ranking.degraded else None
        return cls(
            ranking_id=ranking_id,
            user_id=ranking.user_id,
            items=[_item(item) for item in ranking.items],
            scored=sum(item.llm_score is not None for item in ranking.items),
            degraded=missing,
            model=ranking.model,
            adapter=ranking.adapter,
            llm_weight=ranking.llm_weight,
            timings_ms=ranking.timings_ms,
        )


class KeyedInteractionIn(InteractionIn):
    """And whose it is, and the sender's key for it."""

    user_id: Id
    key: Id | None = None
    """Sent twice under one key it counts once; none: that of the batch, and its place there."""

    def keyed(self, batch: str, place: int, now: datetime) -> KeyedInteraction:
        """As the store has it."""
        return KeyedInteraction(key=self.key or f"{batch}/{place}", interaction=self.of(self.user_id, now))


class InteractionsIn(Wire):
    """A batch: all of it is kept, or none."""

    interactions: list[KeyedInteractionIn]


class InteractionsOut(Wire):
    """What came of it."""

    accepted: int
    known: int
    """Of them, that were there already."""


class InteractionOut(Wire):
    """One thing a user did, and what the item is called; empty for an item that is not sold any more."""

    item_id: str
    title: str
    timestamp: datetime
    kind: InteractionKind
    rating: float | None


class HistoryOut(Wire):
    """Oldest first."""

    user_id: str
    interactions: list[InteractionOut]

    @classmethod
    def of(cls, user_id: str, interactions: Sequence[Interaction], catalogue: Catalogue) -> "HistoryOut":
        """As floor 1 has it."""
        done = [
            InteractionOut(
                item_id=one.item_id,
                title=catalogue[one.item_id].title if one.item_id in catalogue else "",
                timestamp=one.timestamp,
                kind=one.kind,
                rating=one.rating,
            )
            for one in interactions
        ]
        return cls(user_id=user_id, interactions=done)


class FeedbackIn(Wire):
    """What a user did with an item that was shown, or said of it."""

    ranking_id: Id
    item_id: Id
    kind: FeedbackKind
    key: Id | None = None
    """Sent twice under one key it counts once."""


class FeedbackOut(Wire):
    """What came of it."""

    known: bool
    """Whether it was there already."""


class SaidOut(Wire):
    """One piece of feedback."""

    item_id: str
    kind: FeedbackKind
    at: datetime


class RankingOut(Wire):
    """A ranking as it was answered."""

    ranking_id: str
    at: datetime
    request: dict[str, Any]
    answer: dict[str, Any]
    made_with: dict[str, Any]
    """The model, the adapter and the prompt, by their fingerprints."""
    feedback: list[SaidOut]

    @classmethod
    def of(cls, kept: KeptRanking) -> "RankingOut":
        """As the store has it."""
        said = [SaidOut(item_id=one.item_id, kind=one.kind, at=one.at) for one in kept.feedback]
        return cls(ranking_id=kept.ranking_id, at=kept.at, feedback=said, **kept.document)


class ForgottenOut(Wire):
    """What was deleted."""

    deleted: int
    """Interactions that were sent of this user."""
    rankings: int
    """That were shown to this user."""
    built_from: int
    """Interactions of this user that the shop was built from, and that are still there."""


def _item(ranked: RankedItem) -> RankedItemOut:
    return RankedItemOut(
        item_id=ranked.item.item_id,
        title=ranked.item.title,
        rank=ranked.rank,
        score=ranked.score,
        retrieval_rank=ranked.retrieval_rank,
        scored=ranked.llm_score is not None,
        llm_score=ranked.llm_score,
        explanation=None if ranked.explanation is None else _reason(ranked.explanation),
    )


def _reason(said: Explanation) -> ExplanationOut:
    evidence = [EvidenceOut(item_id=one.item_id, title=one.title, effect=one.effect) for one in said.evidence]
    return ExplanationOut(text=said.text, language=said.language, source=said.source, evidence=evidence)
