"""A ranking with its reasons, event by event."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, get_args

import httpx2
import pytest

from llm_rerank.client import (
    AsyncClient,
    AuthenticationError,
    Client,
    DraftEvent,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
    events,
    patience,
)
from llm_rerank.engines.base import raise_if_cancelled
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.service.service import Service
from llm_rerank.wire.explanations import Event as WireEvent

EVIDENCE = ("evidence", {"item_id": "tea", "evidence": []})
DONE = ("done", {"ranking_id": "1", "degraded": None, "timings_ms": {}})
BROKEN = {"message": "it broke", "type": "internal_error", "param": None, "code": "internal"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def written(*told: tuple[str, Any]) -> bytes:
    return "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in told).encode()


def streaming(*told: tuple[str, Any], **headers: str) -> httpx2.Response:
    return httpx2.Response(200, content=written(*told), headers={"Content-Type": "text/event-stream"} | headers)


def script(*replies: httpx2.Response | Exception) -> httpx2.MockTransport:
    """Answers with one after the other."""
    left = list(replies)

    def reply(_: httpx2.Request) -> httpx2.Response:
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        return httpx2.Response(step.status_code, headers=step.headers, content=step.content)

    return httpx2.MockTransport(reply)


def names(told: Any) -> list[str]:
    return [event.event for event in told]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "uniform", lambda low, high: high / 100)


def test_the_ranking_then_what_was_found_then_what_is_said(client: Any) -> None:
    told = list(client.explain("anna", top_n=4, explained=2))
    assert names(told) == ["ranking", "evidence", "evidence", "explanation", "explanation", "done"]
    ranking = told[0].ranking
    assert [event.item_id for event in told[1:3]] == [item.item_id for item in ranking.items[:2]]
    assert told[3].explanation.text
    assert told[-1].ranking_id == ranking.ranking_id


def test_drafts_are_for_operators(client: Any, client_of: Callable[..., Any]) -> None:
    drafts = [event for event in client.explain("anna", drafts=True) if isinstance(event, DraftEvent)]
    assert {draft.checked for draft in drafts} == {False}
    with pytest.raises(PermissionDeniedError) as caught:
        next(client_of().explain("anna", drafts=True))
    assert (caught.value.status, caught.value.param) == (403, "drafts")


def test_what_is_refused_is_the_usual_error(client: Any) -> None:
    with pytest.raises(NotFoundError, match=r"caviar.*\[404, unknown_item"):
        next(client.explain("anna", item_ids=["caviar"]))
    with pytest.raises(InvalidRequestError, match="give user_id or history"):
        client.explain()


def test_every_event_of_the_service_is_known() -> None:
    kinds = get_args(get_args(WireEvent)[0])
    assert {kind.model_fields["event"].default: kind for kind in kinds} == events._KINDS


def test_events_of_a_newer_service_are_passed_over(client_over: Callable[..., Any]) -> None:
    told = client_over(script(streaming(("weather", "fine"), EVIDENCE, ("evening", {}), DONE))).explain("anna")
    assert names(told) == ["evidence", "done"]


@pytest.mark.parametrize("first", [httpx2.Response(503), httpx2.Response(429), httpx2.ConnectError("refused")])
def test_it_is_tried_again_before_the_first_event(client_over: Callable[..., Any], first: Any) -> None:
    assert names(client_over(script(first, streaming(DONE))).explain("anna")) == ["done"]


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("internal_error", UnavailableError),
        ("unavailable_error", UnavailableError),
        ("not_found_error", NotFoundError),
        ("authentication_error", AuthenticationError),
        ("of_a_newer_service", UnavailableError),
    ],
)
def test_an_error_after_the_first_event_is_raised(
    client_over: Callable[..., Any], kind: str, raised: type[ServiceError]
) -> None:
    reply = streaming(EVIDENCE, ("error", {"error": BROKEN | {"type": kind}}), **{"X-Request-ID": "r1"})
    told = client_over(script(reply)).explain("anna")
    assert next(told).event == "evidence"
    with pytest.raises(ServiceError, match=r"it broke \[internal, request r1\]") as caught:
        next(told)
    assert (type(caught.value), caught.value.status) == (raised, None)


def test_what_ends_before_it_is_done_is_an_error(client_over: Callable[..., Any]) -> None:
    told = client_over(script(streaming(EVIDENCE))).explain("anna")
    assert next(told).event == "evidence"
    with pytest.raises(UnavailableError, match="broke off before it was done"):
        next(told)


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.Response(200, html="<h1>Hello</h1>"),
        streaming(("evidence", {"item": "tea"})),
        streaming(("evidence", None)),
    ],
)
def test_what_is_no_stream_of_ours(client_over: Callable[..., Any], reply: httpx2.Response) -> None:
    with pytest.raises(UnreadableAnswerError, match="does not speak as llm-rerank does"):
        next(client_over(script(reply)).explain("anna"))


@contextmanager
def speaking(*parts: bytes, every: float = 0.0) -> Iterator[str]:
    """The address of one who answers a request with these parts, the last of them again and again where `every` is set,
    and then hangs up."""
    gone = Event()

    def speak() -> None:
        with listening.accept()[0] as heard:
            heard.recv(65536)
            for part in parts:
                heard.sendall(part)
            while every and not gone.wait(every):
                heard.sendall(parts[-1])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=speak)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        gone.set()
        thread.join()


def test_a_connection_that_is_lost_is_an_error(new_client: Callable[..., Any]) -> None:
    head = HEAD.replace(b"Connection: close", b"Content-Length: 100000")
    with speaking(head, written(EVIDENCE)) as address:
        told = new_client(address, api_key="any").explain("anna")
        assert next(told).event == "evidence"
        with pytest.raises(UnavailableError, match="the answer broke off: ") as caught:
            next(told)
    assert not isinstance(caught.value, UnreachableError)


def test_who_says_no_more_than_that_it_lives_is_given_up(new_client: Callable[..., Any]) -> None:
    with speaking(HEAD, written(EVIDENCE), b": ping\r\n\r\n", every=0.05) as address:
        begun = monotonic()
        with pytest.raises(TimedOutError, match="did not finish in time"):
            list(new_client(address, api_key="any", timeout=1).explain("anna"))
    assert 1 <= monotonic() - begun < 5


def test_who_falls_silent_is_given_up(new_client: Callable[..., Any]) -> None:
    with (
        speaking(HEAD, written(EVIDENCE), every=60) as address,
        pytest.raises(TimedOutError, match="did not go on in time"),
    ):
        list(new_client(address, api_key="any", timeout=0.5).explain("anna"))


def free_again(service: Service) -> bool:
    """Within five seconds, of the thirty that the work may take."""
    begun = monotonic()
    while service.admission.running and monotonic() - begun < 5:
        sleep(0.01)
    return service.admission.running == 0


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model never comes to an end of what it writes."""

    def writing(*_: Any, cancel: Any, **__: Any) -> Iterator[Any]:
        while True:
            raise_if_cancelled(cancel)
            sleep(0.005)
            yield from ()

    monkeypatch.setattr(FakeEngine, "generate", writing)


@pytest.mark.usefixtures("endless")
def test_a_reader_who_closes_it_ends_the_work(
    address: str, new_client: Callable[..., Any], make_key: Callable[..., str], service: Service
) -> None:
    told = new_client(address, api_key=make_key()).explain("anna")
    assert names([next(told), next(told)]) == ["ranking", "evidence"]
    assert service.admission.running == 1
    told.close()
    assert free_again(service)


@pytest.mark.usefixtures("endless")
def test_so_does_one_who_leaves_the_loop(address: str, make_key: Callable[..., str], service: Service) -> None:
    with Client(address, api_key=make_key()) as client:
        for event in client.explain("anna"):
            if event.event == "evidence":
                break
        assert free_again(service)


@pytest.mark.usefixtures("endless")
def test_and_one_who_awaits(address: str, make_key: Callable[..., str], service: Service) -> None:
    async def left() -> bool:
        async with AsyncClient(address, api_key=make_key()) as client:
            async for event in client.explain("anna"):
                if event.event == "evidence":
                    break
            return await asyncio.to_thread(free_again, service)

    assert asyncio.run(left())


@pytest.mark.usefixtures("endless")
def test_and_a_task_that_is_cancelled(address: str, make_key: Callable[..., str], service: Service) -> None:
    async def read_on(events: AsyncIterator[Any]) -> None:
        async for _ in events:
            pass

    async def cancelled() -> bool:
        async with AsyncClient(address, api_key=make_key()) as client:
            events = client.explain("anna")
            assert (await anext(events)).event == "ranking"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(read_on(events), 1)
            return await asyncio.to_thread(free_again, service)

    assert asyncio.run(cancelled())
