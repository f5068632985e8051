"""What users did, as it is sent."""

from pydantic import Field

from llm_rerank.wire.base import Answered, Id, Moment, Sent, Text
from retrieval.records import InteractionKind


class InteractionIn(Sent):
    """One thing a user did."""

    item_id: Id
    timestamp: Moment | None = None
    """With a time zone; none: now."""
    kind: InteractionKind = "purchase"
    rating: float | None = Field(default=None, strict=True, allow_inf_nan=False)
    text: Text = ""
    """What was said or searched for. It is kept and shown; no ranking reads it yet."""


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
    unknown_items: int = 0
    """Of them, of items that are not in the catalogue: kept, and read once these are."""
