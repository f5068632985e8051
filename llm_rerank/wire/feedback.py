"""What became of what was shown."""

from datetime import datetime

from llm_rerank.wire.base import Answered, Id, Sent
from retrieval.store.feedback import FeedbackKind, OpinionKind


class FeedbackIn(Sent):
    """What a user did with an item that was shown, or said of it. It is kept with the ranking, for whoever measures or
    trains by it, and what was said last of an item is obeyed from the next answer on: dislike, have and hide keep it
    from what is proposed to this user, like counts as the newest act of their history.
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


class OpinionOut(Answered):
    """What a user said last of an item, and what that is called; empty for an item that is not sold any more."""

    item_id: str
    title: str
    kind: OpinionKind
    at: datetime


class OpinionsOut(Answered):
    """What is obeyed, the newest first."""

    feedback: list[OpinionOut]
