"""Who was forgotten and when: a request that read of them before must keep nothing of it after.

Of a user a digest is kept, since who was forgotten is not to be read here. Moments are those of the services' clocks.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, select

from retrieval.store.database import Database
from retrieval.store.moments import microseconds, now
from retrieval.store.schema import FORGOTTEN

_KEPT: Final = timedelta(days=1)  # no request takes longer


def note_forgotten(database: Database, connection: Connection, tenant: str, user_id: str) -> None:
    """Begins the transaction that forgets them: who keeps something of this user is waited for, or told."""
    digest = _digest(tenant, user_id)
    database.alone(connection, digest)
    this = now()
    connection.execute(delete(FORGOTTEN).where(FORGOTTEN.c.at < microseconds(this - _KEPT)))
    row = {"digest": digest, "at": microseconds(this)}
    noted = database.insert(FORGOTTEN).values(row)
    connection.execute(noted.on_conflict_do_update(index_elements=["digest"], set_={"at": row["at"]}))


def was_forgotten(database: Database, connection: Connection, tenant: str, user_id: str, since: datetime) -> bool:
    """Whether they were since then; until this transaction has ended nobody forgets them."""
    digest = _digest(tenant, user_id)
    database.alone(connection, digest)
    there = (FORGOTTEN.c.digest == digest, FORGOTTEN.c.at >= microseconds(since))
    return connection.execute(select(FORGOTTEN).where(*there)).first() is not None


def _digest(tenant: str, user_id: str) -> str:
    return sha256(repr((tenant, user_id)).encode()).hexdigest()
