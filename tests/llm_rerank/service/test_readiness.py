"""Ready is who knows what is sold, and has had an answer of the LLM."""

from time import sleep
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from llm_rerank.service import readiness
from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service
from retrieval.errors import EngineError
from retrieval.store.items import ItemStore


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_PAUSE_SECONDS", 0.05)


def ready(client: TestClient) -> tuple[int, list[str]]:
    reply = client.get("/readyz")
    return reply.status_code, reply.json()["wrong"]


def test_what_was_withdrawn_before_the_start_is_not_recommended_after_it(
    service: Service, show_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ItemStore(service.database)
    store.withdraw("shop", service.recommender.shop.catalogue["milk"])
    changes = service.items._store.changes

    def slow(*given: Any) -> Any:
        sleep(0.5)
        return changes(*given)

    monkeypatch.setattr(service.items._store, "changes", slow)
    with TestClient(create_app(service)) as client:
        assert ready(client) == (200, [])
        asked = {"json": {"user_id": "anna", "top_n": 50}, "headers": show_key(service)}
        assert "milk" not in [item["item_id"] for item in client.post("/v1/recommend", **asked).json()["items"]]


def test_it_is_not_ready_until_it_knows_what_is_sold(service: Service, until: Any) -> None:
    with service.database.writing() as connection:
        connection.execute(text("ALTER TABLE items RENAME TO moved"))
    with TestClient(create_app(service)) as client:
        assert ready(client) == (503, ["what is sold now is not known yet"])
        with service.database.writing() as connection:
            connection.execute(text("ALTER TABLE moved RENAME TO items"))
        until(lambda: ready(client) == (200, []))


def test_it_is_not_ready_until_the_llm_has_answered_once(service: Service, until: Any) -> None:
    engine: Any = service.recommender.reranker.engine
    engine.fails = EngineError("no such model here")
    with TestClient(create_app(service)) as client:
        assert ready(client) == (503, ["the model has not answered yet"])
        engine.fails = None
        until(lambda: ready(client) == (200, []))
        engine.fails = EngineError("it died")  # then it answers with retrieval's order, and says so
        assert ready(client) == (200, [])
