"""What users said last of items, and did not take back: what answers obey.

All that was said stays with the rankings that it was said of; here is what still counts of it.
"""

from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Connection, Row, delete, select

from retrieval.store.database import Database
from retrieval.store.feedback import FeedbackKind, Opinion, OpinionKind
from retrieval.store.moments import microseconds, moment
from retrieval.store.schema import OPINIONS

_SAID: Final = frozenset(get_args(OpinionKind))  # and not done: a click is no opinion


class OpinionStore:
    """The opinions of all tenants' users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: str, user_id: str, newest: int) -> tuple[Opinion, ...]:
        """The newest of this user, as many as `newest`, the newest first."""
        table = OPINIONS.c
        wanted = (
            select(OPINIONS)
            .where(table.tenant == tenant, table.user_id == user_id)
            .order_by(table.at.desc(), table.item_id)
            .limit(newest)
        )
        with self._database.reading() as connection:
            return tuple(_opinion(row) for row in connection.execute(wanted))

    def take_back(self, tenant: str, user_id: str, item_id: str) -> Opinion | None:
        """What counted of this item, and does no more; None where nothing was said of it."""
        table = OPINIONS.c
        this = (table.tenant == tenant, table.user_id == user_id, table.item_id == item_id)
        with self._database.writing() as connection:
            row = connection.execute(delete(OPINIONS).where(*this).returning(*table)).one_or_none()
        return None if row is None else _opinion(row)


def note_opinion(
    database: Database,
    connection: Connection,
    *,
    tenant: str,
    user_id: str,
    item_id: str,
    kind: FeedbackKind,
    at: datetime,
) -> None:
    """In the transaction that keeps what was said; what was said later counts, whichever comes first."""
    if kind not in _SAID:
        return
    said = {"kind": kind, "at": microseconds(at)}
    new = database.insert(OPINIONS).values(tenant=tenant, user_id=user_id, item_id=item_id, **said)
    last = new.on_conflict_do_update(
        index_elements=["tenant", "user_id", "item_id"], set_=said, where=OPINIONS.c.at <= said["at"]
    )
    connection.execute(last)


def forget_opinions(connection: Connection, tenant: str, user_id: str) -> None:
    """In the transaction that forgets the user."""
    connection.execute(delete(OPINIONS).where(OPINIONS.c.tenant == tenant, OPINIONS.c.user_id == user_id))


def _opinion(row: "Row[Any]") -> Opinion:
    return Opinion(item_id=row.item_id, kind=row.kind, at=moment(row.at))
