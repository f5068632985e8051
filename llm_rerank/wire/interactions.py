"""What users did, as it is sent."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from llm_rerank.wire.base import Answered, Id, Sent
from retrieval.records import InteractionKind


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this is before the year 1 or after 9999; send a time between") from None


class InteractionIn(Sent):
    """One thing a user did."""

    item_id: Id
    timestamp: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    """With a time zone; none: now."""
    kind: InteractionKind = "purchase"
    rating: float | None = Field(default=None, allow_inf_nan=False)
    text: str = Field(default="", max_length=10_000)


class KeyedInteractionIn(InteractionIn):
    """And whose it is, and the sender's key for it."""

    user_id: Id
    key: Id | None = None
    """Sent twice under one key it counts once, and was done when it was sent first where it has no timestamp. None: the
    key of the batch, and its place there."""


class InteractionsIn(Sent):
    """A batch: all of it is kept, or none."""

    interactions: list[KeyedInteractionIn]


class InteractionsOut(Answered):
    """What came of it."""

    accepted: int
    known: int
    """Of them, that were there already."""
