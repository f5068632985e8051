"""The tiny shop behind the service, with a stand-in for the LLM, and callers who show keys."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from socket import socket
from subprocess import Popen
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from starlette.testclient import TestClient

from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.engines.base import raise_if_cancelled
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.service import Service
from llm_rerank.service.traces import Traces
from retrieval.store.keys import KeyStore, Scope

ROOT = Path(__file__).parents[3]


class Held(FakeEngine):
    """Holds every score back while `hold` is set, until its caller stops waiting."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.hold, self.held, self.fails = False, Event(), None

    def score(self, requests: Any, *, cancel: Event | None = None) -> tuple[NDArray[np.float32], ...]:
        if self.fails:
            raise self.fails
        self.held.set()
        while self.hold:
            raise_if_cancelled(cancel)
            Event().wait(0.005)
        return super().score(requests, cancel=cancel)


@pytest.fixture
def config(built_folder: Path, tmp_path: Path) -> ServeConfig:
    asked = RecommendConfig(shop=built_folder, engine=EngineConfig(kind="fake"), candidates=8, llm_weight=0.5)
    return ServeConfig(recommend=asked, database=f"sqlite:///{tmp_path}/service.db")


@pytest.fixture
def serve(config: ServeConfig) -> Iterator[Callable[..., Service]]:
    """Opens the service; `changes` are made to its configuration."""
    opened: list[Service] = []

    def one(traces: Traces | None = None, **changes: Any) -> Service:
        changed = config.model_copy(update=changes)
        service = Service.open(changed, say=print, traces=traces)
        reranker = service.recommender.reranker
        reranker.engine = Held(reranker.engine._tokenizer)  # type: ignore[attr-defined]
        opened.append(service)
        return service

    yield one
    for service in opened:
        service.close()


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    return serve()


def shown_key(service: Service, *scopes: Scope, tenant: str = "shop", per_minute: int = 1000) -> dict[str, str]:
    """The header that shows a new key."""
    key, _ = KeyStore(service.database).create(tenant, scopes or ("read", "write"), per_minute)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="session")
def show_key() -> Callable[..., dict[str, str]]:
    return shown_key


def wait_until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Or fail."""
    begun = monotonic()
    while not true():
        assert monotonic() - begun < seconds
        sleep(0.01)


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Any]], None]:
    return wait_until


@contextmanager
def listening(service: Service) -> Iterator[tuple[str, int]]:
    """The address at which the service answers within the block, on a socket."""
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def address(service: Service) -> Iterator[tuple[str, int]]:
    with listening(service) as address:
        yield address


@pytest.fixture(scope="session")
def listen() -> Callable[[Service], AbstractContextManager[tuple[str, int]]]:
    return listening


class Callers:
    """Clients of one service, by scope and tenant."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service, self.client = service, client

    def key(self, *scopes: Scope, **others: Any) -> dict[str, str]:
        """The header that shows a new key."""
        return shown_key(self.service, *scopes, **others)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None, **others: str) -> Any:
        """The reply."""
        sent = {"Content-Type": "application/json"} | (headers or self.key()) | others
        return self.client.post(path, content=json.dumps(body), headers=sent)  # escaped: halves of surrogate pairs too

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """Likewise."""
        return self.client.get(path, headers=headers or self.key())


@pytest.fixture
def callers(service: Service) -> Iterator[Callers]:
    with TestClient(create_app(service)) as client:
        yield Callers(service, client)


@pytest.fixture
def process(config: ServeConfig, tmp_path: Path) -> Iterator[Callable[..., "Process"]]:
    """Starts `llm-rerank serve` in a process of its own; `changes` are made to its configuration."""
    started: list[Process] = []

    def start(environment: dict[str, str] | None = None, **changes: Any) -> Process:
        file = tmp_path / "serve.yaml"
        file.write_text(config.model_copy(update={"port": free_port(), **changes}).model_dump_json())
        started.append(Process(file, environment or {}))
        started[-1].wait_until_it_listens()
        return started[-1]

    yield start
    for one in started:
        one.end()


def free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Process:
    """`llm-rerank serve`, and what it has said."""

    def __init__(self, file: Path, environment: dict[str, str]) -> None:
        self._said = file.with_suffix(".log")
        command = [sys.executable, "-c", "from llm_rerank.cli.app import main; main()", "serve", "--config", str(file)]
        with self._said.open("wb") as said:
            self.process = Popen(command, stdout=said, stderr=said, cwd=ROOT, env=os.environ | environment)
        self.port: int = json.loads(file.read_text())["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_until_it_listens(self) -> None:
        """On a busy machine that takes minutes."""
        wait_until(lambda: "Uvicorn running" in self.text() or self.process.poll() is not None, 300)
        assert self.process.poll() is None, self.text()

    def lines(self) -> list[dict[str, Any]]:
        """Each of them is JSON."""
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        """All of them."""
        return self._said.read_text()

    def end(self) -> None:
        """If it has not ended."""
        self.process.kill()
        self.process.wait(20)
