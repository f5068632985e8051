"""One database, brought to this version's tables when it is opened; its failures as StoreErrors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from retrieval.errors import ConfigError, StoreError

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_INSERTS: Final[Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_WAIT_SECONDS: Final = 10  # for another writer of the same SQLite file


class Database:
    """A connection pool. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._where = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, url: str) -> "Database":
        """`url` as in sqlite:///var/shop.db or postgresql+psycopg://user:password@host/name.

        Makes the tables where there are none, and brings older ones to this version. Raises ConfigError for a URL of
        no database that we know, StoreError for one that cannot be reached, or that a later version made.
        """
        database = cls(_engine(url))
        try:
            with database.writing() as connection:
                _lock(connection)
                database._migrate(connection)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._translating(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is there whole once the block is left, or not at all."""
        with self._translating(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT of this database, which can say what to do on a conflict."""
        return _INSERTS[self._engine.dialect.name](table)

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def _migrate(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as err:
            raise StoreError(
                f"a later version made this database ({err})",
                field="database",
                value=self._where,
                remedy="Use that version, or name another database",
            ) from err

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as err:
            raise StoreError(
                f"the database failed ({_first_line(err.orig)})",
                field="database",
                value=self._where,
                remedy="See that it runs, can be reached and has room; what was asked was not done",
            ) from err
        except SQLAlchemyError as err:  # no connection of the pool was free
            raise StoreError(
                f"the database is not at hand ({_first_line(err)})",
                field="database",
                value=self._where,
                remedy="Ask again; what was asked was not done",
            ) from err


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in _INSERTS:
            raise ArgumentError(f"{parsed.get_backend_name()} is not among them")
        engine = create_engine(parsed, pool_pre_ping=True, **_options(parsed.get_backend_name(), parsed.database))
    except (ArgumentError, NoSuchModuleError, ImportError) as err:
        raise ConfigError(
            f"this is no database that we know ({_first_line(err)})",
            field="database",
            value=url if "@" not in url else url.rpartition("@")[2],  # before it may stand a password
            remedy="Write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        ) from err
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _options(backend: str, file: str | None) -> dict[str, Any]:
    if backend != "sqlite":
        return {"pool_size": 10, "max_overflow": 20, "pool_timeout": _WAIT_SECONDS}
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    return {"connect_args": {"timeout": _WAIT_SECONDS}}


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # its driver would begin transactions when it likes; see below
    connection.execute("PRAGMA journal_mode=WAL")  # readers do not wait for a writer
    connection.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a loss of power


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")  # two that upgrade would both fail


def _lock(connection: Connection) -> None:
    """Whoever else opens the database waits until its tables are there."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(8374123)"))


def _first_line(err: object) -> str:
    return next(iter(str(err).splitlines()), "")
