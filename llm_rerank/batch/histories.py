"""Of the history that a row has, what is heard: however long it is, a job keeps no more of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from llm_rerank.batch.users import BatchUser
from llm_rerank.given import given_history
from llm_rerank.wire.interactions import InteractionIn
from retrieval.records import Interaction, UserHistory

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # for what has no time: the same whenever the job runs
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def with_newest(user: BatchUser, most: int) -> BatchUser:
    """Of the history the newest `most`, oldest first, each with its time and without its text, which nobody reads.

    Raises RecordError for a blank id.
    """
    done = own_history(user).interactions[-most:]
    return user if user.history is None else user.model_copy(update={"history": [_sent(one) for one in done]})


def own_history(user: BatchUser) -> UserHistory:
    """What the row says the user did; what has no time, after all that has one, as for the service."""
    sent = user.history or []
    newest = max((one.timestamp for one in sent if one.timestamp), default=_LONG_AGO)
    room = min(timedelta(milliseconds=len(sent) + 1), _LAST - newest)
    return given_history(user.user_id, sent, max(newest + room, _LONG_AGO))  # before the year 1 there is no time


def _sent(done: Interaction) -> InteractionIn:
    return InteractionIn(item_id=done.item_id, timestamp=done.timestamp, kind=done.kind, rating=done.rating)
