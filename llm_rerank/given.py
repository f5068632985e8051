"""A history that a caller sends, as the program's own noun."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from llm_rerank.wire.interactions import InteractionIn
from retrieval.records import Interaction, UserHistory


def given_history(user_id: str, sent: Sequence[InteractionIn], now: datetime) -> UserHistory:
    """What was done at no time that is told was done in the order given, just before `now`."""
    times = [now - timedelta(milliseconds=len(sent) - place) for place in range(len(sent))]
    done = [given_interaction(one, user_id, at) for one, at in zip(sent, times, strict=True)]
    return UserHistory.of(user_id, done)


def given_interaction(sent: InteractionIn, user_id: str, now: datetime) -> Interaction:
    """What this user did, now where it does not say when."""
    return Interaction(
        user_id=user_id,
        item_id=sent.item_id,
        timestamp=sent.timestamp or now,
        kind=sent.kind,
        rating=sent.rating,
        text=sent.text,
    )
