"""A history as it travels to where the model is: which items, how often each, and no times."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from retrieval.errors import RecordError
from retrieval.records import Interaction, UserHistory

_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)  # prompts read the order of a history, not its times


def counted_history(user_id: str, item_ids: Sequence[str], times: Sequence[int]) -> UserHistory:
    """Distinct items, oldest first, each taken so many times; raises RecordError where a count is missing."""
    if len(item_ids) != len(times) or not all(count and count > 0 for count in times):
        raise RecordError(
            f"each of the {len(item_ids)} items of a history needs a count of 1 or more",
            field="times",
            value=tuple(times),
            remedy="Say for every item how often it was taken.",
        )
    taken = tuple(
        Interaction(user_id=user_id, item_id=item_id, timestamp=_NO_TIME)
        for item_id, count in zip(item_ids, times, strict=True)
        for _ in range(count)
    )
    return UserHistory(user_id=user_id, interactions=taken)
