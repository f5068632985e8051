"""What a user said of items, as it is obeyed: some are not proposed, others count as acts."""

from collections.abc import Sequence

from retrieval.records import Interaction, UserHistory
from retrieval.store.feedback import HIDING, Opinion


def hidden_by(said: Sequence[Opinion]) -> frozenset[str]:
    """What is kept from what is proposed."""
    return frozenset(one.item_id for one in said if one.kind in HIDING)


def likes_of(said: Sequence[Opinion], history: UserHistory) -> list[Interaction]:
    """Each like as an act of its own time, at the latest that of the newest act: nothing is older for it."""
    latest = history.interactions[-1].timestamp if history.interactions else None
    return [
        Interaction(
            user_id=history.user_id,
            item_id=one.item_id,
            timestamp=one.at if latest is None else min(one.at, latest),
            kind="rating",
        )
        for one in sorted(said, key=lambda one: one.at)
        if one.kind == "like"
    ]


def with_likes(history: UserHistory, likes: Sequence[Interaction]) -> UserHistory:
    """And then these."""
    return UserHistory.of(history.user_id, [*history.interactions, *likes])
