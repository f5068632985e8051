"""What is said of an item that was shown. Apart from its table, since callers name it who have no database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FeedbackKind = Literal["click", "take", "like", "dislike", "have", "hide"]
"""click and take: what the user did. like, dislike, have it already, not this: what they said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What was said of one item of a ranking, and the sender's key for it."""

    key: str
    item_id: str
    kind: FeedbackKind
    at: datetime
