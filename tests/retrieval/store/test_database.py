import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from retrieval.errors import ConfigError
from retrieval.store.database import Database
from retrieval.store.errors import StoreError
from retrieval.store.schema import METADATA


def test_the_migrations_make_what_the_schema_says(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_opened_again_it_is_as_it_was(url: str) -> None:
    for _ in range(2):
        Database.open(url).close()


def test_opened_by_many_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for database in threads.map(Database.open, [url] * 4):
            database.close()


def test_many_new_ones_in_one_process(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        urls = [f"sqlite:///{tmp_path}/{number}.db" for number in range(6)]
        for database in threads.map(Database.open, urls):
            with database.reading() as connection:
                assert connection.execute(text("SELECT count(*) FROM items")).scalar_one() == 0
            database.close()


def test_a_later_versions_database_is_refused(url: str) -> None:
    database = Database.open(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match="a later version made this database"):
        Database.open(url)


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            connection.execute(text("DELETE FROM alembic_version"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


def test_a_failure_says_what_the_database_said(database: Database) -> None:
    with pytest.raises(StoreError, match=r"no such table|does not exist"), database.reading() as connection:
        connection.execute(text("SELECT * FROM no_table"))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@host/shop",
        "postgresql+psycopg://u:secret@host:port/shop",
        "nothing://host/shop?password=secret",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+none:///x",
        "postgresql+asyncpg://u:secret@host/shop",
        "shop.db",
        "",
    ],
)
def test_a_url_of_no_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="no database that we know") as refused:
        Database.open(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("where", ["anna:secret@localhost:1/shop", "localhost:1/shop?user=anna&password=secret"])
def test_a_server_that_is_not_there_is_named_without_its_password(where: str) -> None:
    with pytest.raises(StoreError, match="localhost:1/shop") as refused:
        Database.open(f"postgresql+psycopg://{where}")
    assert "secret" not in str(refused.value)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file")
    with pytest.raises(StoreError, match="folder cannot be made"):
        Database.open(f"sqlite:///{tmp_path}/notes/shop.db")


def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("my notes " * 200)
    with pytest.raises(StoreError, match="not a database"):
        Database.open(f"sqlite:///{tmp_path}/shop.db")
    assert (tmp_path / "shop.db").read_text().startswith("my notes")


def test_sqlite_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/shop.db")
    writer = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM items")).scalar_one() == 0
    writer.execute("ROLLBACK")
    writer.close()
    database.close()


@contextmanager
def given_up_within(seconds: float, match: str) -> Iterator[None]:
    begun = monotonic()
    with pytest.raises(StoreError, match=match):
        yield
    assert monotonic() - begun < seconds


@pytest.fixture
def server(url: str, database: Database) -> Iterator[psutil.Process]:
    """PostgreSQL's first process; whatever is stopped of it goes on in the end."""
    if not url.startswith("postgresql") or "LLM_RERANK_TEST_POSTGRES" in os.environ:
        pytest.skip("only where PostgreSQL's processes are ours")
    with database.reading() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    first = psutil.Process(pid).parent()
    assert first is not None
    yield first
    for process in (first, *first.children()):
        process.resume()


def test_a_statement_that_takes_too_long_is_ended(url: str, database: Database) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite does not sleep")
    with given_up_within(8, "statement timeout"), database.reading() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    database.check()


def found_again(database: Database) -> bool:
    for _ in range(40):
        with suppress(StoreError):
            database.check()
            return True
        sleep(0.25)
    return False


def test_a_server_that_hangs_is_given_up_and_found_again(database: Database, server: psutil.Process) -> None:
    for process in (server, *server.children()):
        process.suspend()
    with given_up_within(12, "timeout expired"):
        database.check()
    with given_up_within(1, "no answer a moment ago"):  # nobody else waits
        database.check()
    for process in (*server.children(), server):
        process.resume()
    assert found_again(database)


def test_a_connection_that_hangs_in_a_transaction_is_closed(database: Database, server: psutil.Process) -> None:
    with given_up_within(8, "no answer within 4 seconds"), database.writing() as connection:
        os.kill(connection.execute(text("SELECT pg_backend_pid()")).scalar_one(), signal.SIGSTOP)
        connection.execute(text("SELECT 1"))
    assert found_again(database)


def test_sqlite_writers_wait_for_another_one_for_seconds(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/shop.db")
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with given_up_within(8, "database is locked"), database.writing():
        pass
    other.close()
    with database.writing() as connection:
        connection.execute(text("DELETE FROM items"))
    database.close()


def test_a_pool_that_is_empty_is_waited_for_for_seconds(database: Database) -> None:
    with ExitStack() as taken:
        for _ in range(30):
            taken.enter_context(database.reading())
        with given_up_within(8, "not at hand"):
            database.check()


def test_who_migrates_is_waited_for_as_long_as_it_takes(url: str, database: Database) -> None:
    with ThreadPoolExecutor(1) as threads, database.writing() as connection:
        database.alone(connection, "migrations")
        opening = threads.submit(Database.open, url)
        with pytest.raises(TimeoutError):
            opening.result(5)
    opening.result().close()
