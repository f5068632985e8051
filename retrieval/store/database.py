"""One database, brought to this version's tables when it is opened; its failures as StoreErrors.

Nobody waits for long: 3 seconds for a connection of the pool, for a new one (the look-up of its host's name aside), or
for another writer, and 4 for each answer of PostgreSQL; after one that did not come, nobody waits for 5 seconds.
Migrations take the time that they need.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from retrieval.errors import ConfigError
from retrieval.store.errors import StoreError
from retrieval.store.pause import Pause

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_INSERTS: Final[Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_DRIVERS: Final = frozenset({"pysqlite", "psycopg"})  # whose waits we know to bound
_WAIT_SECONDS: Final = 3  # for another writer, or for a connection
_MIGRATION_SECONDS: Final = 60  # for SQLite's other writer, who may be migrating
_ONE_AT_A_TIME: Final = Lock()  # Alembic knows one migration a process


class Database:
    """A connection pool. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._where = without_password(engine.url)
        self._pause = Pause()

    @classmethod
    def open(cls, url: str) -> "Database":
        """`url` as in sqlite:///var/shop.db or postgresql+psycopg://user:password@host/name.

        Makes the tables where there are none, and brings older ones to this version. Raises ConfigError for a URL of
        no database that we know, StoreError for one that cannot be reached, or that a later version made.
        """
        patient = cls(_engine(url, migrates=True))
        try:
            with patient.writing() as connection:
                patient.alone(connection, "migrations")
                patient._migrate(connection)
        finally:
            patient.close()
        return cls(_engine(url, migrates=False))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction for reading; others write meanwhile, and it does not see it."""
        options = {"postgresql_readonly": True} if self._engine.dialect.name == "postgresql" else {}
        with self._translating(), self._engine.execution_options(**options).begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is there whole once the block is left, or not at all."""
        with self._translating(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    def alone(self, connection: Connection, what: str) -> None:
        """Whoever else asks for the same waits until this transaction has ended. SQLite has one writer anyway."""
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT of this database, which can say what to do on a conflict."""
        return _INSERTS[self._engine.dialect.name](table)

    def check(self) -> None:
        """Raises StoreError where it does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def _migrate(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        with _ONE_AT_A_TIME:
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            now = MigrationContext.configure(connection).get_current_revision()
            if now is not None and now not in known:
                raise StoreError(
                    f"a later version made this database (revision {now})",
                    field="database",
                    value=self._where,
                    remedy="Use that version, or name another database",
                )
            command.upgrade(config, "head")

    @contextmanager
    def _translating(self) -> Iterator[None]:
        if self._pause.refuses():
            raise StoreError(
                "the database gave no answer a moment ago",
                field="database",
                value=self._where,
                remedy="See that it runs and can be reached; what was asked was not done",
            )
        try:
            yield
            self._pause.end()
        except DBAPIError as err:
            if self._engine.dialect.name == "postgresql" and _unanswered(err):
                self._pause.begin()
            raise StoreError(
                f"the database failed ({_first_line(err.orig)})",
                field="database",
                value=self._where,
                remedy=f"See that it runs, can be reached and has room; {_done(err)}",
            ) from err
        except SQLAlchemyError as err:  # no connection of the pool was free
            raise StoreError(
                f"the database is not at hand ({_first_line(err)})",
                field="database",
                value=self._where,
                remedy="Ask again; what was asked was not done",
            ) from err


def _engine(url: str, *, migrates: bool) -> Engine:
    wait = _MIGRATION_SECONDS if migrates else _WAIT_SECONDS
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in _INSERTS:
            raise ArgumentError(f"{backend} is not among them")
        if parsed.get_driver_name() not in _DRIVERS:
            raise ArgumentError(f"{parsed.get_driver_name()} is no driver that we know")
        if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise ArgumentError("SQLite in memory is another one for every thread")
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **_options(parsed, wait))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as err:
        raise ConfigError(
            f"this is no database that we know ({_first_line(err)})",
            field="database",
            value=url.rpartition("@")[2].partition("?")[0],  # what is left out may hold a password
            remedy="Write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        ) from err
    except OSError as err:
        raise StoreError(
            f"its folder cannot be made ({err.strerror})",
            field="database",
            value=url,
            remedy="Name a file in a folder that may be written to",
        ) from err
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_set_up_sqlite, wait))
        event.listen(engine, "begin", _begin_sqlite)
    elif not migrates:
        _bound_postgres(engine)
    return engine


def _options(url: URL, wait: int) -> dict[str, Any]:
    pool = {"pool_size": 10, "max_overflow": 20, "pool_timeout": _WAIT_SECONDS}
    if url.get_backend_name() == "postgresql":
        return pool | {"connect_args": {"connect_timeout": _WAIT_SECONDS}}
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    return pool | {"connect_args": {"timeout": wait}}


def _bound_postgres(engine: Engine) -> None:
    from retrieval.store.postgres import STATEMENT_TIMEOUT, Bounded  # who keeps SQLite needs no driver of PostgreSQL

    @event.listens_for(engine, "do_connect")
    def _(_: object, __: object, given: Any, named: dict[str, Any]) -> Bounded:
        return Bounded.connect(*given, **named | {"options": STATEMENT_TIMEOUT})


def _set_up_sqlite(wait: int, connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # its driver would begin transactions when it likes; see below
    connection.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a loss of power
    given_up = monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")  # readers do not wait for a writer
            return
        except sqlite3.OperationalError as err:  # another one is changing it: this statement alone does not wait
            if "locked" not in str(err) or monotonic() > given_up:
                raise
            sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")  # two that upgrade would both fail


def without_password(url: str | URL) -> str:
    """A database's URL for logs and messages; of one that cannot be read nothing is shown."""
    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "(unreadable)"


def _unanswered(err: DBAPIError) -> bool:
    from retrieval.store.postgres import UNANSWERED

    return isinstance(err.orig, UNANSWERED)


def _done(err: DBAPIError) -> str:
    """Of a connection that is lost while it commits nobody knows."""
    return "what was asked may not have been done" if err.connection_invalidated else "what was asked was not done"


def _first_line(err: object) -> str:
    return next(iter(str(err).splitlines()), "")
