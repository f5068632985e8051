"""Reasons as they come, on a server on a socket: what is streamed, who may see drafts, and who leaves or is slow."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from time import sleep
from typing import Any

import httpx2
import pytest

from llm_rerank.engines.base import GeneratedPiece
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.service import Service
from retrieval.errors import EngineError

Events = list[tuple[str, dict[str, Any]]]


def events(text: str) -> Events:
    """Name and data of each."""
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\r\n\r\n") if block]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "data" in block]


def asked(callers: Any, headers: dict[str, str] | None = None, **others: Any) -> Events:
    reply = callers.post("/v1/explanations", {"user_id": "anna", "top_n": 4, "explained": 2} | others, headers)
    assert reply.headers["content-type"].startswith("text/event-stream")
    return events(reply.text)


def test_the_ranking_first_then_what_was_found_then_what_is_said(callers: Any) -> None:
    told = asked(callers)
    assert [name for name, _ in told] == ["ranking", "evidence", "evidence", "explanation", "explanation", "done"]
    ranking = told[0][1]["ranking"]
    first = [item["item_id"] for item in ranking["items"][:2]]
    assert [data["item_id"] for _, data in told[1:3]] == first
    assert {data["item_id"] for _, data in told[3:5]} == set(first)
    assert told[-1][1]["degraded"] is None


def test_what_was_said_is_on_the_receipt(callers: Any) -> None:
    told = asked(callers)
    said = {data["item_id"]: data["explanation"] for name, data in told if name == "explanation"}
    assert told[0][1]["ranking"]["ranking_id"] == told[-1][1]["ranking_id"]
    kept = callers.get(f"/v1/rankings/{told[-1][1]['ranking_id']}").json()["answer"]["items"]
    assert {item["item_id"]: item["explanation"] for item in kept if item["explanation"]} == said


def test_what_nobody_has_checked_is_for_operators_alone(callers: Any) -> None:
    reply = callers.post("/v1/explanations", {"user_id": "anna", "drafts": True})
    assert (reply.status_code, reply.json()["error"]["param"]) == (403, "drafts")
    drafts = [data for name, data in asked(callers, callers.key("admin"), drafts=True) if name == "draft"]
    assert drafts
    assert {data["checked"] for data in drafts} == {False}
    assert "draft" not in [name for name, _ in asked(callers, callers.key("admin"))]


def test_a_model_that_does_not_answer_leaves_an_order_and_says_so(callers: Any) -> None:
    callers.service.recommender.reranker.engine.fails = EngineError("out of memory")
    (_, first), (name, done) = asked(callers)
    assert first["ranking"]["degraded"]["answered_by"] == "retrieval"
    assert (name, done["degraded"]["answered_by"]) == ("done", "retrieval")
    assert "out of memory" in done["degraded"]["because"]


def test_what_breaks_off_says_so(callers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Iterator[Any]:
        yield from ()
        raise ZeroDivisionError("a title of theirs")

    monkeypatch.setattr(FakeEngine, "generate", broken)
    *_, (name, data) = asked(callers)
    assert (name, data["error"]["code"]) == ("error", "internal")
    assert "theirs" not in str(data)


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"user_id": None}, 422, None),
        ({"explained": 0}, 422, "explained"),
        ({"explained": 1000}, 422, "explained"),
        ({"item_ids": ["caviar"]}, 404, "item_id"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_sent(
    callers: Any, wrong: dict[str, Any], status: int, param: str | None
) -> None:
    reply = callers.post("/v1/explanations", {"user_id": "anna"} | wrong)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_a_reader_who_leaves_ends_the_writing(
    address: tuple[str, int], service: Service, show_key: Callable[..., dict[str, str]], until: Callable[..., None]
) -> None:
    engine = service.recommender.reranker.engine
    url = f"http://{address[0]}:{address[1]}/v1/explanations"
    with httpx2.stream("POST", url, json={"user_id": "anna"}, headers=show_key(service)) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: ranking"
        engine.hold = True  # type: ignore[attr-defined]
    until(lambda: service.admission.running == 0)
    assert service.admission.waiting == 0


def test_who_does_not_read_keeps_no_place_and_is_left_in_the_end(
    serve: Callable[..., Service],
    listen: Callable[..., Any],
    show_key: Callable[..., dict[str, str]],
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def long(_: Any, requests: Sequence[Any], **__: Any) -> Iterator[GeneratedPiece]:
        yield from (GeneratedPiece(index=0, text="a" * 10_000) for _ in range(1_000))  # more than sockets hold
        yield from (GeneratedPiece(index=index, text="", done=True) for index in range(len(requests)))

    monkeypatch.setattr(FakeEngine, "generate", long)
    service = serve(limits=LimitsConfig(reading_seconds=0.5))
    body = json.dumps({"user_id": "anna", "explained": 1, "drafts": True}).encode()
    lines = ["POST /v1/explanations HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json", f"Authorization: {show_key(service, 'admin')['Authorization']}"]
    with listen(service) as address, socket.create_connection(address) as reader:
        reader.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        assert reader.recv(12) == b"HTTP/1.1 200"
        until(lambda: service.admission.running == 0)
        sleep(1)
        reader.settimeout(20)
        rest = b"".join(iter(lambda: reader.recv(1_000_000), b""))
    assert b"event: done" not in rest
    assert "Traceback" not in capfd.readouterr().err


def test_what_was_said_to_a_reader_who_left_is_on_the_receipt(
    address: tuple[str, int], service: Service, show_key: Callable[..., dict[str, str]], until: Callable[..., None]
) -> None:
    url, key = f"http://{address[0]}:{address[1]}", show_key(service)
    with httpx2.stream("POST", f"{url}/v1/explanations", json={"user_id": "anna"}, headers=key) as reply:
        for name, data in zip(*[filter(None, reply.iter_lines())] * 2, strict=False):
            if name == "event: ranking":
                ranking_id = json.loads(data.removeprefix("data: "))["ranking"]["ranking_id"]
            if name == "event: explanation":
                said = json.loads(data.removeprefix("data: "))
                break
    until(lambda: service.admission.running == 0)
    kept = httpx2.get(f"{url}/v1/rankings/{ranking_id}", headers=key).json()["answer"]["items"]
    assert said["explanation"] in [item["explanation"] for item in kept]


def test_what_is_forgotten_while_it_is_explained_does_not_come_back(
    callers: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = FakeEngine.generate

    def forgets(*given: Any, **others: Any) -> Iterator[Any]:
        service.rankings.forget("shop", "anna")
        return written(*given, **others)

    monkeypatch.setattr(FakeEngine, "generate", forgets)
    told = asked(callers)
    assert callers.get(f"/v1/rankings/{told[0][1]['ranking']['ranking_id']}").status_code == 404
