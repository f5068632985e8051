"""A history as somebody supposes it to be: without some of its acts, or with some that were not done."""

from collections.abc import Sequence
from datetime import UTC, datetime

from retrieval.catalogue import Catalogue
from retrieval.errors import RecordError
from retrieval.records import Interaction, UserHistory


def without_items(history: UserHistory, item_ids: Sequence[str]) -> UserHistory:
    """As if these had never been touched."""
    return history.only({one.item_id for one in history.interactions}.difference(item_ids))


def require_touched(history: UserHistory, item_ids: Sequence[str]) -> None:
    """Raises RecordError, which names `without`, for an item that the history does not have."""
    touched = {one.item_id for one in history.interactions}
    for item_id in item_ids:
        if item_id not in touched:
            raise RecordError(
                "the history that is read does not have this item",
                field="without",
                value=item_id,
                remedy="Name items that it has, or leave this one out.",
            )


def with_purchases(history: UserHistory, item_ids: Sequence[str], catalogue: Catalogue) -> UserHistory:
    """And then these were bought, at the moment of the newest act: nothing of the history is older for it.

    Raises RecordError, which names `added`, for an item that the catalogue does not have.
    """
    for item_id in item_ids:
        if item_id not in catalogue:
            raise RecordError(
                "the catalogue does not have this item",
                field="added",
                value=item_id,
                remedy="Name items that are sold, or leave this one out.",
            )
    at = history.interactions[-1].timestamp if history.interactions else datetime.now(UTC)
    bought = (Interaction(user_id=history.user_id, item_id=item_id, timestamp=at) for item_id in item_ids)
    return UserHistory(user_id=history.user_id, interactions=(*history.interactions, *bought))
