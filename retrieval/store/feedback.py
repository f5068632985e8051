"""What is said of an item that was shown. Apart from its table, since callers name it who have no database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

FeedbackKind = Literal["click", "take", "like", "dislike", "have", "hide"]
"""click and take: what the user did. like, dislike, have it already, not this: what they said."""
OpinionKind = Literal["like", "dislike", "have", "hide"]
"""What was said, and is obeyed."""
HIDING: Final[frozenset[OpinionKind]] = frozenset({"dislike", "have", "hide"})
"""What keeps an item from what is proposed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What was said of one item of a ranking, and the sender's key for it."""

    key: str
    item_id: str
    kind: FeedbackKind
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """What a user said last of an item."""

    item_id: str
    kind: OpinionKind
    at: datetime
