"""The tiny shop's service, and both clients, asked by the same tests."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.testclient import TestClient

from llm_rerank.client import AsyncClient, Client
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.recommender import Recommender
from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.service import Service
from retrieval.folder import BuiltShop
from retrieval.live.shop import LiveShop
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore, Scope

KEY = "llmrr_a_secret"


class Awaited:
    """An AsyncClient of which every call is awaited at once, and every event when it is asked for."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self.client, self._runner = client, runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **others: self._awaited(getattr(self.client, name)(*given, **others))

    def _awaited(self, called: Any) -> Any:
        return self._each(called) if isinstance(called, AsyncGenerator) else self._runner.run(called)

    def _each(self, events: AsyncGenerator[Any, None]) -> Iterator[Any]:
        try:
            while (event := self._runner.run(anext(events, None))) is not None:
                yield event
        finally:
            self._runner.run(events.aclose())


@pytest.fixture(params=["blocking", "awaited"])
def blocks(request: pytest.FixtureRequest) -> bool:
    return request.param == "blocking"


@pytest.fixture
def new_client(blocks: bool) -> Iterator[Callable[..., Any]]:
    """Opens a client of either kind."""
    with ExitStack() as opened, asyncio.Runner() as runner:

        def new(*given: Any, **others: Any) -> Any:
            if blocks:
                return opened.enter_context(Client(*given, **others))
            client = AsyncClient(*given, **others)
            opened.callback(lambda: runner.run(client.aclose()))
            return Awaited(client, runner)

        yield new
        opened.close()


@pytest.fixture
def client_over(blocks: bool, new_client: Callable[..., Any]) -> Callable[..., Any]:
    """Opens one whose requests go to `transport`."""
    http = httpx2.Client if blocks else httpx2.AsyncClient
    return lambda transport, **others: new_client(
        "http://shop", http=http(transport=transport), **{"api_key": KEY, **others}
    )


@pytest.fixture(scope="session")
def live(built: BuiltShop) -> LiveShop:
    return LiveShop.of(built, new_items=0.1)


@pytest.fixture(scope="session")
def recommender(live: LiveShop) -> Recommender:
    """Of the tiny shop, with a stand-in for the LLM."""
    return Recommender.for_shop(live, RecommendConfig(engine=EngineConfig(kind="fake"), candidates=8, llm_weight=0.5))


@pytest.fixture
def service(live: LiveShop, recommender: Recommender, tmp_path: Path) -> Iterator[Service]:
    config = ServeConfig(database=f"sqlite:///{tmp_path}/service.db")
    service = Service.of(config, live, recommender, Database.open(config.database))
    yield service
    service.close()


@pytest.fixture
def app(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service)) as opened:
        yield opened


@pytest.fixture
def make_key(service: Service) -> Callable[..., str]:
    def make(*scopes: Scope, per_minute: int = 1000) -> str:
        key, _ = KeyStore(service.database).create("shop", scopes or ("read", "write"), per_minute)
        return key

    return make


@pytest.fixture
def client_of(
    blocks: bool, new_client: Callable[..., Any], app: TestClient, make_key: Callable[..., str]
) -> Callable[..., Any]:
    """Opens one of the service, with a new key of these scopes."""
    asgi = httpx2.ASGITransport(app.app)
    http = app if blocks else httpx2.AsyncClient(transport=asgi, base_url="http://testserver")
    return lambda *scopes, **others: new_client(api_key=make_key(*scopes, **others), http=http)


@pytest.fixture
def client(client_of: Callable[..., Any]) -> Any:
    return client_of("admin")


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The service on a socket."""
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    begun = monotonic()
    while not server.started:
        assert monotonic() - begun < 20
        sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(10)
