"""Which pages may call from a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.service import Service

SHOP = "https://shop.example"


def asks_before(client: TestClient, origin: str) -> Any:
    """What a browser asks before it lets a page call."""
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return client.options("/v1/recommend", headers={"Origin": origin} | wanted)


def test_nobodys_by_default(callers: Any) -> None:
    before, reply = asks_before(callers.client, SHOP), callers.get("/healthz", {"Origin": SHOP})
    assert not [name for answer in (before, reply) for name in answer.headers if name.startswith("access-control")]


def test_those_that_are_named_and_without_cookies(serve: Callable[..., Service]) -> None:
    with TestClient(create_app(serve(cors_origins=(SHOP,)))) as client:
        before = asks_before(client, SHOP)
        assert before.headers["Access-Control-Allow-Origin"] == SHOP
        assert {"Authorization", "Idempotency-Key"} <= set(before.headers["Access-Control-Allow-Headers"].split(", "))
        assert "Access-Control-Allow-Credentials" not in before.headers
        refused = client.post("/v1/recommend", json={}, headers={"Origin": SHOP})
        assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, SHOP)
        for answer in (asks_before(client, "https://evil.example"), client.get("/healthz", headers={"Origin": "null"})):
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_even_what_nobody_foresaw_is_told_to_its_page(
    serve: Callable[..., Service], show_key: Callable[..., dict[str, str]]
) -> None:
    service = serve(cors_origins=(SHOP,))
    with TestClient(create_app(service)) as client:
        service.recommender.reranker.engine.fails = KeyError("anna")  # type: ignore[attr-defined]
        reply = client.post("/v1/recommend", json={"user_id": "anna"}, headers=show_key(service) | {"Origin": SHOP})
    assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (500, SHOP)


@pytest.mark.parametrize("origin", ["*", "shop.example", "https://shop.example/", "https://*.shop.example", "null"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="this is no origin"):
        ServeConfig(cors_origins=(origin,))
