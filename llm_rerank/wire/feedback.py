"""What became of what was shown."""

from datetime import datetime

from llm_rerank.wire.base import Answered, Id, Sent
from retrieval.store.feedback import FeedbackKind


class FeedbackIn(Sent):
    """What a user did with an item that was shown, or said of it. It is kept with the ranking, for whoever measures or
    trains by it; the order does not obey it yet.
    """

    ranking_id: Id
    item_id: Id
    kind: FeedbackKind
    key: Id | None = None
    """Sent twice under one key it counts once."""


class FeedbackOut(Answered):
    """What came of it."""

    known: bool
    """Whether it was there already."""


class SaidOut(Answered):
    """One piece of feedback."""

    item_id: str
    kind: FeedbackKind
    at: datetime
