"""API keys: who asks, for which tenant, and what they may. Of a key only its digest is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row, select, update

from retrieval.errors import ConfigError
from retrieval.store.database import Database
from retrieval.store.moments import microseconds, moment, now
from retrieval.store.schema import KEYS
from retrieval.store.storable import require_id

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
_MARK: Final = "llmrr"
"""What every key begins with, so that one that lies in a file where it should not is found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """What is known of a key; not the key."""

    key_id: str
    tenant: str
    scopes: frozenset[Scope]
    """read: rankings and histories. write: interactions, items and feedback. admin: all of it, and raw text."""

    per_minute: int
    """Requests, at most."""

    created: datetime
    revoked: datetime | None


class KeyStore:
    """The keys of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, tenant: str, scopes: Collection[Scope], per_minute: int) -> tuple[str, ApiKey]:
        """A new key, which nobody can read again, and what is known of it.

        Raises ConfigError for scopes or a limit that mean nothing.
        """
        require_id("tenant", tenant)
        if not scopes or not set(scopes) <= set(SCOPES):
            raise ConfigError(
                "a key has scopes", field="scopes", value=sorted(scopes), remedy=f"Name some of {SCOPES}."
            )
        if per_minute < 1:
            raise ConfigError(
                "a key is for a request or more", field="per_minute", value=per_minute, remedy="Raise it."
            )
        key_id = token_hex(6)
        key = f"{_MARK}_{key_id}_{token_urlsafe(32)}"
        row = {
            "key_id": key_id,
            "tenant": tenant,
            "digest": _digest(key),
            "scopes": sorted(scopes),
            "per_minute": per_minute,
            "created": microseconds(now()),
        }
        with self._database.writing() as connection:
            connection.execute(self._database.insert(KEYS), row)
        return key, self._known(key_id)

    def find(self, key: str) -> ApiKey | None:
        """Who shows this key; None for one that is unknown or revoked."""
        mark, _, rest = key.partition("_")
        if mark != _MARK or not key.isascii():
            return None
        row = self._row(rest.partition("_")[0])
        # Compared in constant time: how long it takes says nothing of how much was right.
        if row is None or row.revoked is not None or not compare_digest(row.digest, _digest(key)):
            return None
        return _key(row)

    def all(self) -> tuple[ApiKey, ...]:
        """Every key, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(KEYS).order_by(KEYS.c.created, KEYS.c.key_id)).all()
        return tuple(_key(row) for row in rows)

    def revoke(self, key_id: str) -> ApiKey:
        """Ends it; twice is once. Raises ConfigError for one that is not there.

        A running service that knew it believes it for five seconds more, and for as long as it does not reach the
        database.
        """
        ended = update(KEYS).where(KEYS.c.key_id == key_id, KEYS.c.revoked.is_(None))
        with self._database.writing() as connection:
            connection.execute(ended.values(revoked=microseconds(now())))
        return self._known(key_id)

    def _known(self, key_id: str) -> ApiKey:
        row = self._row(key_id)
        if row is None:
            raise ConfigError(
                "there is no such key", field="key_id", value=key_id, remedy="See `llm-rerank keys list`."
            )
        return _key(row)

    def _row(self, key_id: str) -> "Row[Any] | None":
        with self._database.reading() as connection:
            return connection.execute(select(KEYS).where(KEYS.c.key_id == key_id)).one_or_none()


def _digest(key: str) -> str:
    """256 random bits need no salt and no slow hash: nobody can try them out."""
    return sha256(key.encode()).hexdigest()


def _key(row: "Row[Any]") -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        tenant=row.tenant,
        scopes=frozenset(row.scopes),
        per_minute=row.per_minute,
        created=moment(row.created),
        revoked=None if row.revoked is None else moment(row.revoked),
    )
