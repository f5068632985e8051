"""The tables. A row belongs to one tenant, and is asked for by its tenant.

What changes here is written as a migration too (migrations/versions/); a test compares the two.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

METADATA: Final = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

LONGEST_ID: Final = 256
"""Characters of an id: what is indexed is bounded."""

_Number: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up what is called INTEGER, and no more

INTERACTIONS: Final = Table(
    "interactions",
    METADATA,
    Column("number", _Number, primary_key=True),
    Column("tenant", String(LONGEST_ID), nullable=False),
    Column("key", String(LONGEST_ID), nullable=False),
    Column("user_id", String(LONGEST_ID), nullable=False),
    Column("item_id", String(LONGEST_ID), nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970, UTC: the same in every database
    Column("kind", String(16), nullable=False),
    Column("rating", Float),
    Column("text", Text, nullable=False),
    Index(None, "tenant", "key", unique=True),
    Index(None, "tenant", "user_id", "at"),
    sqlite_autoincrement=True,
)

ITEMS: Final = Table(
    "items",
    METADATA,
    Column("number", _Number, primary_key=True),  # of the item's newest change: later ones have higher numbers
    Column("tenant", String(LONGEST_ID), nullable=False),
    Column("item_id", String(LONGEST_ID), nullable=False),
    Column("title", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("price", Float),
    Column("attributes", JSON, nullable=False),
    Column("available", Boolean, nullable=False),
    Index(None, "tenant", "item_id", unique=True),
    Index(None, "tenant", "number"),
    sqlite_autoincrement=True,  # else the number of a row that is gone would come again
)

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("key_id", String(LONGEST_ID), primary_key=True),
    Column("tenant", String(LONGEST_ID), nullable=False),
    Column("digest", String(64), nullable=False),  # of the secret, which is shown once and kept nowhere
    Column("scopes", JSON, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

RANKINGS: Final = Table(
    "rankings",
    METADATA,
    Column("ranking_id", String(LONGEST_ID), primary_key=True),
    Column("tenant", String(LONGEST_ID), nullable=False),
    Column("user_id", String(LONGEST_ID), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("document", JSON, nullable=False),
    Index(None, "tenant", "user_id", "at"),
)

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("number", _Number, primary_key=True),
    Column("tenant", String(LONGEST_ID), nullable=False),
    Column("key", String(LONGEST_ID), nullable=False),
    Column("ranking_id", String(LONGEST_ID), nullable=False),
    Column("item_id", String(LONGEST_ID), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "tenant", "key", unique=True),
    Index(None, "tenant", "ranking_id"),
    sqlite_autoincrement=True,
)

OPINIONS: Final = Table(
    "opinions",
    METADATA,
    Column("tenant", String(LONGEST_ID), primary_key=True),
    Column("user_id", String(LONGEST_ID), primary_key=True),
    Column("item_id", String(LONGEST_ID), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "tenant", "user_id", "at"),
)

FORGOTTEN: Final = Table(
    "forgotten",
    METADATA,
    Column("digest", String(64), primary_key=True),  # of tenant and user
    Column("at", BigInteger, nullable=False),
)
