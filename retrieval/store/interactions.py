"""What users did since the shop was built: every interaction once, whoever sends it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from sqlalchemy import Row, delete, select

from retrieval.errors import RecordError
from retrieval.records import Interaction, UserHistory
from retrieval.store.database import Database
from retrieval.store.moments import microseconds, moment
from retrieval.store.schema import INTERACTIONS
from retrieval.store.storable import require_id, require_text

_AT_ONCE: Final = 500  # keys that one question names: databases have a limit
_SAID: Final = ("user_id", "item_id", "at", "kind", "rating", "text")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyedInteraction:
    """An interaction and its sender's key for it: whatever comes under the same key is the same interaction."""

    key: str
    interaction: Interaction
    timed: bool = True
    """Whether its time is its sender's; any other is another one whenever it is sent, and the first is kept."""


class InteractionStore:
    """The interactions of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant: str, interactions: Sequence[KeyedInteraction]) -> int:
        """Keeps them all or, where it fails, none; says how many were new.

        Raises RecordError for a key that is known for something else, and for an id, a text or a rating that no
        database keeps.
        """
        rows, by_key = {one.key: _row(tenant, one) for one in interactions}, {one.key: one for one in interactions}
        for one in interactions:
            _require_same(one, _row(tenant, one), rows[one.key])
        if not rows:
            return 0
        with self._database.writing() as connection:
            # One after the other: two that name the same keys in another order would wait for each other.
            self._database.alone(connection, f"interactions of {tenant}")
            new = (
                self._database.insert(INTERACTIONS)
                .on_conflict_do_nothing(index_elements=["tenant", "key"])
                .returning(INTERACTIONS.c.key)
            )
            added = {row.key for row in connection.execute(new, list(rows.values()))}
            known = [key for key in rows if key not in added]
            for start in range(0, len(known), _AT_ONCE):
                some = known[start : start + _AT_ONCE]
                table = INTERACTIONS.c
                there = select(INTERACTIONS).where(table.tenant == tenant, table.key.in_(some))
                for row in connection.execute(there):
                    _require_same(by_key[row.key], rows[row.key], row._asdict())
        return len(added)

    def history(self, tenant: str, user_id: str, newest: int) -> UserHistory:
        """The newest of what this user did, as many as `newest`; empty for a user of whom nothing is known."""
        table = INTERACTIONS.c
        wanted = (
            select(INTERACTIONS)
            .where(table.tenant == tenant, table.user_id == user_id)
            .order_by(table.at.desc(), table.number.desc())
            .limit(newest)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return UserHistory(user_id=user_id, interactions=tuple(_interaction(row) for row in reversed(rows)))

    def forget(self, tenant: str, user_id: str) -> int:
        """Deletes all that this user did, their keys too: who sends it again brings it back. Says how much it was."""
        table = INTERACTIONS.c
        gone = delete(INTERACTIONS).where(table.tenant == tenant, table.user_id == user_id)
        with self._database.writing() as connection:
            return connection.execute(gone).rowcount


def _row(tenant: str, one: KeyedInteraction) -> dict[str, Any]:
    said = one.interaction
    for name, value in (
        ("tenant", tenant),
        ("key", one.key),
        ("user_id", said.user_id),
        ("item_id", said.item_id),
    ):
        require_id(name, value)
    require_text("text", said.text)
    if said.rating is not None and not isfinite(said.rating):
        raise RecordError("a rating is a finite number", field="rating", value=said.rating, remedy="Leave it out.")
    return {
        "tenant": tenant,
        "key": one.key,
        "user_id": said.user_id,
        "item_id": said.item_id,
        "at": microseconds(said.timestamp),
        "kind": said.kind,
        "rating": said.rating,
        "text": said.text,
    }


def _interaction(row: "Row[Any]") -> Interaction:
    return Interaction(
        user_id=row.user_id,
        item_id=row.item_id,
        timestamp=moment(row.at),
        kind=row.kind,
        rating=row.rating,
        text=row.text,
    )


def _require_same(one: KeyedInteraction, sent: dict[str, Any], kept: dict[str, Any]) -> None:
    said = [name for name in _SAID if one.timed or name != "at"]
    if different := [name for name in said if sent[name] != kept[name]]:
        raise RecordError(
            f"another interaction is known under this key: its {' and '.join(different)} differs",
            field="key",
            value=one.key,
            remedy="Send what changed under a key of its own; nothing of this batch was kept.",
        )
