"""What is known of a user."""

from datetime import datetime

from llm_rerank.wire.base import Answered
from retrieval.records import InteractionKind


class InteractionOut(Answered):
    """One thing a user did, and what the item is called; empty for an item that is not sold any more."""

    item_id: str
    title: str
    timestamp: datetime
    kind: InteractionKind
    rating: float | None
    text: str = ""


class HistoryOut(Answered):
    """Oldest first."""

    user_id: str
    interactions: list[InteractionOut]


class ForgottenOut(Answered):
    """What was deleted."""

    deleted: int
    """Interactions that were sent of this user."""
    rankings: int
    """That were shown to this user."""
    built_from: int
    """Interactions of this user that the shop was built from, and that are still there."""
