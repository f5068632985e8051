import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
