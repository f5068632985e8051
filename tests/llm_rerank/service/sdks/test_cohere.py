"""What cohere's SDK makes of our errors, our extras and our degradation."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import Any

import cohere
import httpx
import pytest

from llm_rerank.service import auth
from llm_rerank.service.service import Service
from retrieval.errors import EngineError

ASKED = {"model": "any", "query": "milk\nbread", "documents": ["sofa", "milk and bread", "lamp"]}
EITHER = pytest.mark.parametrize("kind", [cohere.Client, cohere.ClientV2])
Kind = Callable[..., Any]


def order(reply: Any) -> list[int]:
    return [result.index for result in reply.results]


@EITHER
@pytest.mark.parametrize(
    ("scope", "changed", "error"),
    [
        ("", {}, cohere.UnauthorizedError),
        ("write", {}, cohere.ForbiddenError),
        ("read", {"documents": ["x"] * 1001}, cohere.UnprocessableEntityError),
    ],
)
def test_an_error_is_the_sdks_own(
    live: Any, show_key: Callable[..., dict[str, str]], kind: Kind, scope: Any, changed: dict[str, Any], error: Any
) -> None:
    key = show_key(live.service, scope)["Authorization"].removeprefix("Bearer ") if scope else "wrong"
    with kind(key, base_url=live.url) as client, pytest.raises(error) as raised:
        client.rerank(**ASKED | changed)
    assert raised.value.body["error"]["message"]


@EITHER
def test_it_comes_again_when_it_is_told_to(
    service: Service,
    go_live: Callable[..., AbstractContextManager[Any]],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
) -> None:
    seen: list[int] = []
    hooks = {"response": [lambda reply: seen.append(reply.status_code)]}
    with (
        go_live(service, per_minute=1) as live,
        httpx.Client(event_hooks=hooks) as http,
        kind(live.key, base_url=live.url, httpx_client=http) as client,
    ):
        first = client.rerank(**ASKED)
        monkeypatch.setattr(auth, "monotonic", lambda: monotonic() + 58.5)
        assert order(client.rerank(**ASKED)) == order(first)
    assert seen == [200, 429, 200]  # after the 2 seconds of Retry-After; left to itself it comes after one, too early


@EITHER
def test_what_the_sdk_has_no_argument_for_goes_along(live: Any, kind: Kind) -> None:
    ours = {"instruction": "The customer's latest purchases:", "deadline_ms": 20_000}
    asked = ASKED | ours
    raw = httpx.post(f"{live.url}/v2/rerank", json=asked, headers={"Authorization": f"Bearer {live.key}"}).json()
    with kind(live.key, base_url=live.url) as client:
        told = client.rerank(**ASKED, request_options={"additional_body_parameters": ours})
        untold = client.rerank(**ASKED)
    scores = [result.relevance_score for result in told.results]
    assert scores == [result["relevance_score"] for result in raw["results"]]
    assert scores != [result.relevance_score for result in untold.results]


@EITHER
def test_where_the_model_fails_the_order_stays_and_the_reply_warns(live: Any, kind: Kind) -> None:
    live.service.recommender.reranker.engine.fails = EngineError("out of memory")
    with kind(live.key, base_url=live.url) as client:
        reply = client.rerank(**ASKED)
    assert order(reply) == [0, 1, 2]
    assert "out of memory" in reply.meta.warnings[0]
    assert reply.llm_rerank["scored"] == 0


def test_documents_with_fields(live: Any) -> None:
    documents = [{"title": "sofa", "text": "to sit on"}, {"title": "milk", "text": "to drink"}]
    with cohere.Client(live.key, base_url=live.url) as client:
        asked = {"query": "milk", "documents": documents, "return_documents": True}
        texts = {one.document.text for one in client.rerank(**asked).results}
        titles = {one.document.text for one in client.rerank(**asked, rank_fields=["title"]).results}
    assert (texts, titles) == ({"to sit on", "to drink"}, {"sofa", "milk"})
