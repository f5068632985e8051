"""Told to stop, it says so, finishes what is under way, and ends."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from threading import Thread
from time import sleep
from typing import Any

import httpx2
import pytest

from llm_rerank.service.config import DrainConfig, ServeConfig
from llm_rerank.service.server import Server
from llm_rerank.service.service import Service
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore

ROOT = Path(__file__).parents[3]
Until = Callable[[Callable[[], Any]], None]


@pytest.fixture
def run(serve: Callable[..., Service], until: Until) -> Iterator[Callable[..., tuple[Server, Service, str]]]:
    """A server in a thread, where signals do not come: a test hands them over."""
    threads = list[tuple[Server, Thread]]()

    def one(**drain: float) -> tuple[Server, Service, str]:
        service = serve(port=0, drain=DrainConfig(**drain))
        server = Server(service)
        threads.append((server, Thread(target=server.run)))
        threads[-1][1].start()
        until(lambda: server.started)
        return server, service, "http://{}:{}".format(*server.servers[0].sockets[0].getsockname()[:2])

    yield one
    for server, thread in threads:
        server.should_exit = True
        thread.join(20)


def test_it_says_that_it_stops_and_answers_meanwhile(run: Any, show_key: Any, until: Until) -> None:
    server, service, url = run(notice_seconds=60, finish_seconds=5)
    shown = show_key(service)
    server.handle_exit(signal.SIGTERM, None)
    ready = httpx2.get(f"{url}/readyz", timeout=60)
    assert (ready.status_code, ready.json()["wrong"]) == (503, ["the service stops"])
    assert httpx2.post(f"{url}/v1/recommend", json={"user_id": "anna"}, headers=shown, timeout=60).status_code == 200
    server.handle_exit(signal.SIGTERM, None)  # a second one ends the notice
    until(lambda: not server.servers[0].is_serving())
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/readyz", timeout=60)


@pytest.mark.parametrize("seconds", [30, 0])
def test_what_is_under_way_is_finished_or_told(run: Any, show_key: Any, until: Until, seconds: int) -> None:
    server, service, url = run(notice_seconds=0, finish_seconds=seconds)
    engine, shown, replies = service.recommender.reranker.engine, show_key(service), list[Any]()

    def ask() -> None:
        replies.append(httpx2.post(f"{url}/v1/recommend", json={"user_id": "anna"}, headers=shown, timeout=60))

    engine.held.clear()
    engine.hold = True
    asking = Thread(target=ask)
    asking.start()
    assert engine.held.wait(20)
    server.handle_exit(signal.SIGTERM, None)
    until(lambda: not server.servers[0].is_serving())
    sleep(0.5)
    engine.hold = False
    asking.join(60)
    assert [reply.status_code for reply in replies] == [200 if seconds else 503]


@pytest.mark.parametrize(("seconds", "last"), [(30, "done"), (0, "error")])
def test_a_stream_is_finished_or_told_too(
    run: Any, show_key: Any, until: Until, monkeypatch: pytest.MonkeyPatch, seconds: int, last: str
) -> None:
    server, service, url = run(notice_seconds=0, finish_seconds=seconds)
    asked = {"json": {"user_id": "anna", "explained": 2}, "headers": show_key(service), "timeout": 60}
    engine, keep = service.recommender.reranker.engine, service.rankings.keep

    def keep_and_hold(*given: Any, **named: Any) -> None:
        engine.hold = True
        keep(*given, **named)

    monkeypatch.setattr(service.rankings, "keep", keep_and_hold)
    with httpx2.stream("POST", f"{url}/v1/explanations", **asked) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: ranking"
        server.handle_exit(signal.SIGTERM, None)
        until(lambda: not server.servers[0].is_serving())
        sleep(0.7)
        engine.hold = False
        told = [line for line in lines if line]
    assert told[-2] == f"event: {last}"
    assert ('"stopping"' in told[-1]) == (last == "error")


def test_ctrl_c_gives_no_notice(run: Any, until: Until) -> None:
    server, _, _ = run(notice_seconds=60)
    server.handle_exit(signal.SIGINT, None)
    until(lambda: not server.servers[0].is_serving())


def test_a_process_stops_as_it_should(process: Any, config: ServeConfig, until: Until) -> None:
    serving = process(drain=DrainConfig(notice_seconds=60, finish_seconds=20))
    database = Database.open(config.database)
    key, _ = KeyStore(database).create("shop", ["read"], 100)
    database.close()
    body = b'{"user_id": "anna", "top_n": 1}'
    with socket.create_connection(("127.0.0.1", serving.port)) as caller:
        lines = ["POST /v1/recommend HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", f"Authorization: Bearer {key}"]
        caller.sendall("\r\n".join([*lines, "", ""]).encode() + body[:5])
        serving.process.terminate()
        until(lambda: httpx2.get(f"{serving.url}/readyz", timeout=60).status_code == 503)
        serving.process.terminate()
        until(lambda: "Shutting down" in serving.text())
        caller.sendall(body[5:])
        caller.settimeout(20)
        assert caller.recv(12) == b"HTTP/1.1 200"
    assert serving.process.wait(20) == 0
    said = serving.lines()
    assert said[0]["event"] == "settings"
    assert said[0]["settings"]["drain"] == {"notice_seconds": 60.0, "finish_seconds": 20}
    assert [line["status"] for line in said if line.get("route") == "/v1/recommend"] == [200]


def test_told_to_stop_while_it_starts_it_cleans_up(config: ServeConfig, tmp_path: Path, until: Until) -> None:
    file, said = tmp_path / "serve.yaml", tmp_path / "said.log"
    file.write_text(config.model_dump_json())
    code = "import atexit; atexit.register(print, 'cleaned up'); from llm_rerank.cli.app import main; main()"
    with said.open("wb") as out:
        starting = Popen([sys.executable, "-c", code, "serve", "--config", str(file)], stdout=out, stderr=out, cwd=ROOT)
    until(lambda: "settings" in said.read_text())
    starting.terminate()
    assert starting.wait(60) == 128 + signal.SIGTERM
    assert said.read_text().endswith("cleaned up\n")
    assert "Uvicorn running" not in said.read_text()
