"""Servers that fail, leave or refuse, without a network; the real ones are in the contract suite."""

import asyncio
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from llm_rerank.engines.base import GenerationRequest, Lora, ScoringRequest
from llm_rerank.engines.remote import RemoteEngine
from llm_rerank.engines.servers import KEY
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import ConfigError, EngineError, ModelError

ADAPTER = Lora(name="178a", folder=Path("nowhere"))
SERVERS = ("http://one", "http://two", "http://three/")
REQUEST = ScoringRequest(prefix=(10, 11), continuations=((12,), (13, 14)), labels=(50, 51), salt="anna's")
TEXT = GenerationRequest(prompt=(10, 11), max_tokens=5)
CARDS = [{"id": "smol", "parent": None, "max_model_len": 100}, {"id": "178a", "parent": "smol"}]


class Servers:
    """A network of servers; `broken` says how one of them answers instead, by its host."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.broken: dict[str, Callable[[], httpx2.Response]] = {}
        self.cards = dict.fromkeys(("one", "two", "three"), CARDS)
        self.keys: set[str | None] = set()

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        self.keys.add(request.headers.get("Authorization"))
        if host in self.broken:
            return self.broken[host]()
        if request.url.path == "/v1/models":
            return httpx2.Response(200, json={"data": self.cards[host]})
        asked = json.loads(request.content)
        self.asked.append((host, asked))
        if asked.get("stream"):
            events = [{"choices": [{"text": text}]} for text in ("Try ", "", "tea")]
            lines = [*(f"data: {json.dumps(event)}" for event in events), "data: [DONE]"]
            return httpx2.Response(200, text="\n\n".join(lines) + "\n\n")
        choices = [
            {"index": i, "logprobs": {"top_logprobs": [{"token_id:50": -0.5 * len(ids), "token_id:51": -2.0}]}}
            for i, ids in enumerate(asked["prompt"])
        ]
        return httpx2.Response(200, json={"choices": choices[::-1]})


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def connect(servers: Servers, characters: Tokenizer, request: pytest.FixtureRequest) -> Callable[..., RemoteEngine]:
    def one(**others: Any) -> RemoteEngine:
        engine = RemoteEngine(SERVERS, characters, transport=httpx2.MockTransport(servers.answer), **others)
        request.addfinalizer(engine.close)
        return engine

    return one


def unreachable() -> httpx2.Response:
    raise httpx2.ConnectError("no route")


def refusing() -> httpx2.Response:
    told = {"message": "token 99999 is out of the vocabulary", "type": "BadRequestError"}
    return httpx2.Response(400, json={"error": told})


def refusing_later() -> httpx2.Response:
    return httpx2.Response(200, text='data: {"error": {"message": "token 99999", "type": "BadRequestError"}}\n\n')


def breaking_off() -> httpx2.Response:
    return httpx2.Response(200, text='data: {"choices": [{"text": "Try "}]}\n\n')


def test_one_call_a_list_and_rows_in_its_order(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    (scores,) = connect(adapter=ADAPTER).score([REQUEST])
    np.testing.assert_allclose(scores, [[-1.5, -2], [-2, -2]])
    ((_, asked),) = servers.asked
    assert (asked["model"], asked["prompt"]) == ("178a", [[10, 11, 12], [10, 11, 13, 14]])
    assert (asked["cache_salt"], asked["logprob_token_ids"], asked["max_tokens"]) == ("anna's", [50, 51], 1)


def test_a_list_longer_than_a_call(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    long = ScoringRequest(prefix=(1,), continuations=((2,), (3, 4)) * 50, labels=(50, 51))
    (scores,) = connect().score([long])
    assert [len(asked["prompt"]) for _, asked in servers.asked] == [64, 36]
    np.testing.assert_allclose(scores[:, 0], [-1, -1.5] * 50)


def test_a_text(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    pieces = list(connect(adapter=ADAPTER, writer=Lora(name="smol", folder=Path("nowhere"))).generate([TEXT]))
    assert "".join(piece.text for piece in pieces) == "Try tea"
    assert [piece.done for piece in pieces] == [False, False, True]
    assert servers.asked[0][1]["model"] == "smol"


def test_a_user_is_always_asked_about_at_the_same_server(
    connect: Callable[..., RemoteEngine], servers: Servers
) -> None:
    engine = connect()
    for _ in range(3):
        engine.score([REQUEST])
    others = [ScoringRequest(prefix=(n + 1,), continuations=((1,),), labels=(50, 51)) for n in range(30)]
    engine.score(others)
    assert len({host for host, _ in servers.asked[:3]}) == 1
    assert {host for host, _ in servers.asked} == {"one", "two", "three"}


@pytest.mark.parametrize("how", [unreachable, *(partial(httpx2.Response, status) for status in (404, 429, 503))])
def test_a_server_that_is_gone_is_passed_over(
    connect: Callable[..., RemoteEngine], servers: Servers, how: Callable[[], httpx2.Response]
) -> None:
    engine = connect()
    expected = engine.score([REQUEST])[0]
    first = servers.asked[0][0]
    servers.broken[first] = how
    np.testing.assert_allclose(engine.score([REQUEST])[0], expected)
    assert servers.asked[-1][0] != first
    servers.broken = {}
    engine.score([REQUEST])
    assert servers.asked[-1][0] != first  # it rests for a while
    engine._servers._resting.clear()
    engine.score([REQUEST])
    assert servers.asked[-1][0] == first
    servers.broken[first] = how
    assert "".join(piece.text for piece in engine.generate([TEXT])) == "Try tea"


@pytest.mark.parametrize("how", [unreachable, refusing])
def test_nobody_answers(
    connect: Callable[..., RemoteEngine], servers: Servers, how: Callable[[], httpx2.Response]
) -> None:
    engine = connect()
    servers.broken = dict.fromkeys(("one", "two", "three"), how)
    because = "no server answers" if how is unreachable else "the server refused"
    with pytest.raises(EngineError, match=because):
        engine.score([REQUEST])
    with pytest.raises(EngineError, match=because):
        list(engine.generate([TEXT]))


@pytest.mark.parametrize("how", [unreachable, refusing, refusing_later, breaking_off])
def test_the_log_says_where_and_callers_are_not_told(
    connect: Callable[..., RemoteEngine],
    servers: Servers,
    caplog: pytest.LogCaptureFixture,
    how: Callable[[], httpx2.Response],
) -> None:
    engine = connect()
    servers.broken = dict.fromkeys(("one", "two", "three"), how)
    with pytest.raises(EngineError) as told:
        list(engine.generate([TEXT]))
    for said in (str(told.value), caplog.text):
        assert "99999" not in said
    assert "http://" not in str(told.value)
    assert re.search(r"http://(one|two|three) (refused: status \d+, BadReq|is passed over: \w+Error)", caplog.text)


def test_servers_are_looked_for_side_by_side(characters: Tokenizer) -> None:
    waiting, alone = set[str](), list[str]()

    async def when_all_are_asked(request: httpx2.Request) -> httpx2.Response:
        waiting.add(request.url.host)
        for _ in range(100):
            if len(waiting) == len(SERVERS):
                return httpx2.Response(200, json={"data": CARDS})
            await asyncio.sleep(0.01)
        alone.append(request.url.host)
        return httpx2.Response(503)

    RemoteEngine(SERVERS, characters, transport=httpx2.MockTransport(when_all_are_asked)).close()
    assert not alone


def test_a_text_that_breaks_off_is_not_begun_again(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    engine = connect()
    servers.broken = dict.fromkeys(("one", "two", "three"), breaking_off)
    pieces = engine.generate([TEXT])
    assert next(pieces).text == "Try "
    with pytest.raises(EngineError, match="broke off"):
        next(pieces)


def test_too_long_a_request_is_not_sent(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    engine = connect()
    with pytest.raises(EngineError, match="at most 99 tokens"):
        engine.score([ScoringRequest(prefix=(1,) * 99, continuations=((1,),), labels=(50, 51))])
    with pytest.raises(EngineError, match="at most 99 tokens"):
        engine.generate([GenerationRequest(prompt=(1,) * 96, max_tokens=5)])
    assert servers.asked == []


def test_a_server_without_the_adapter_is_refused(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    servers.cards["two"] = CARDS[:1]
    with pytest.raises(ModelError, match=r"a server has \['smol'\], and not 178a"):
        connect(adapter=ADAPTER)


def test_a_server_may_come_later_but_one_must_be_there(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    servers.broken = {"one": unreachable, "two": lambda: httpx2.Response(200, text="a web page")}
    assert connect().score([REQUEST])[0].shape == (2, 2)
    servers.broken["three"] = unreachable
    with pytest.raises(ModelError, match="no server answers"):
        connect()


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.Response(401),
        httpx2.Response(200, json={"data": []}),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json={"data": [{"id": "smol"}]}),
    ],
)
def test_why_nobody_answers_is_told(
    connect: Callable[..., RemoteEngine], servers: Servers, reply: httpx2.Response
) -> None:
    servers.broken = dict.fromkeys(("one", "two", "three"), lambda: reply)
    with pytest.raises(
        ModelError, match=r"no server answers \(http://one: .*(401|names no model|indices|max_model_len)"
    ):
        connect()


@pytest.mark.parametrize("address", ["gpu-1:8000", "ftp://gpu-1", "http://", "http://anna:secret@gpu-1:8000", ""])
def test_an_address_that_is_none(characters: Tokenizer, address: str) -> None:
    with pytest.raises(ConfigError, match="no address of a server") as refused:
        RemoteEngine([address], characters)
    assert "secret" not in str(refused.value)


def test_the_shortest_of_them_says_how_much_is_read(connect: Callable[..., RemoteEngine], servers: Servers) -> None:
    servers.cards["three"] = [CARDS[0] | {"max_model_len": 20}]
    with pytest.raises(EngineError, match="at most 19 tokens"):
        connect().score([ScoringRequest(prefix=(1,) * 20, continuations=((1,),), labels=(50, 51))])


def test_closed_twice(connect: Callable[..., RemoteEngine]) -> None:
    engine = connect()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="it has ended"):
        engine.score([REQUEST])


def test_the_key_of_the_environment_is_shown(
    connect: Callable[..., RemoteEngine], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "secret")
    connect().score([REQUEST])
    assert servers.keys == {"Bearer secret"}
