"""Opening and closing; where the key comes from, and where it is never seen."""

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from llm_rerank.client import AsyncClient, Client, ServiceError
from llm_rerank.client.address import API_KEY, BASE_URL
from retrieval.errors import ConfigError

KEY = "llmrr_a_secret"
HEARD: httpx2.MockTransport = httpx2.MockTransport(
    lambda request: httpx2.Response(
        200, json={"status": f"{request.url} {request.headers['Authorization']} {request.headers['User-Agent']}"}
    )
)


def heard(*given: Any, **others: Any) -> list[str]:
    """The URL that is asked, and the headers."""
    http = httpx2.Client(transport=HEARD, base_url=others.pop("http_goes_to", ""))
    return Client(*given, http=http, **others).health().status.split()


def test_what_is_given_goes_before_what_http_has_and_that_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(BASE_URL, "http://environment:1/")
    monkeypatch.setenv(API_KEY, "from_environment")
    assert heard()[:3] == ["http://environment:1/healthz", "Bearer", "from_environment"]
    assert heard(http_goes_to="https://http/api")[0] == "https://http/api/healthz"
    given = heard("http://given/", api_key=KEY, http_goes_to="https://http/api")
    assert given[:3] == ["http://given/healthz", "Bearer", KEY]
    assert given[3].startswith("llm-rerank/")


@pytest.mark.parametrize(
    "address",
    ["", "shop", "ftp://shop", "http://", "http://anna:pass@shop", "http://shop?key=pass", "http://shop:pass"],
)
def test_what_is_no_address_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.delenv(BASE_URL, raising=False)
    with pytest.raises(ConfigError, match=BASE_URL) as caught:
        Client(address, api_key=KEY)
    assert "pass@" not in str(caught.value)
    assert "key=pass" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "secret key", "secret\nkey", "secrét"])
def test_what_is_no_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.delenv(API_KEY, raising=False)
    with pytest.raises(ConfigError, match=API_KEY) as caught:
        Client("http://shop", api_key=key)
    assert "secr" not in "".join(traceback.format_exception(caught.value)).replace(repr(key), "")


@pytest.mark.parametrize("answer", [401, 500, 200, httpx2.ConnectError("refused"), httpx2.ReadTimeout("late")])
def test_the_key_is_shown_to_the_service_alone(client_over: Callable[..., Any], answer: Any) -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer)

    client = client_over(httpx2.MockTransport(reply), retries=0)
    with pytest.raises(ServiceError) as caught:
        client.recommend("anna")
    err = caught.value
    shown = [repr(client), repr(vars(getattr(client, "client", client))), repr(err), repr(err.__cause__)]
    assert KEY not in "".join([*shown, repr(vars(err)), *traceback.format_exception(err)])
    assert "http://shop" in repr(getattr(client, "client", client))


def test_a_client_closes_what_it_opened_and_leaves_open_what_it_was_given() -> None:
    with Client("http://shop", api_key=KEY) as client:
        own = client._http
    assert own.is_closed
    with httpx2.Client(transport=HEARD) as http:
        with Client("http://shop", api_key=KEY, http=http):
            pass
        assert not http.is_closed


def test_so_does_the_other() -> None:
    async def opened_and_closed() -> tuple[bool, bool]:
        async with AsyncClient("http://shop", api_key=KEY) as client:
            own = client._http
        async with httpx2.AsyncClient() as http:
            async with AsyncClient("http://shop", api_key=KEY, http=http):
                pass
            return own.is_closed, http.is_closed

    assert asyncio.run(opened_and_closed()) == (True, False)
