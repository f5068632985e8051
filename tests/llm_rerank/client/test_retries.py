"""When a call is tried again, and how long it goes on."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from llm_rerank.client import (
    InvalidRequestError,
    KeyedInteractionIn,
    RateLimitError,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
    patience,
)

OK = httpx2.Response(200, json={"status": "ok"})
AWAY = httpx2.Response(503, json={"error": {"message": "no database", "type": "unavailable_error", "code": "store"}})
LATE = httpx2.ReadTimeout("late")
REFUSED = httpx2.ConnectError("refused")
RANKING = httpx2.Response(200, json={"id": "1", "model": "m", "results": [], "usage": {}, "meta": {}, "llm_rerank": {}})


class Script(httpx2.MockTransport):
    """Does what the script says, one after the other, and remembers what was asked."""

    def __init__(self, *script: httpx2.Response | Exception) -> None:
        super().__init__(self._next)
        self.script, self.requests = list(script), list[httpx2.Request]()

    def _next(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return httpx2.Response(step.status_code, headers=step.headers, content=step.content)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "uniform", lambda low, high: high / 100)


def busy(after: object) -> httpx2.Response:
    return httpx2.Response(429, headers={"Retry-After": str(after)}, json={})


@pytest.mark.parametrize("first", [AWAY, httpx2.Response(502), busy(0), REFUSED, httpx2.ReadError("reset")])
def test_what_may_go_better_is_tried_again(client_over: Callable[..., Any], first: Any) -> None:
    script = Script(first, first, OK)
    assert client_over(script).health().status == "ok"
    assert len(script.requests) == 3


@pytest.mark.parametrize("only", [httpx2.Response(400), httpx2.Response(500), LATE])
def test_what_will_not_is_not(client_over: Callable[..., Any], only: Any) -> None:
    script = Script(only, OK)
    with pytest.raises(ServiceError):
        client_over(script).health()
    assert len(script.requests) == 1


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_it_is_tried_so_often_and_the_last_error_is_raised(client_over: Callable[..., Any], retries: int) -> None:
    script = Script(*[AWAY] * 9)
    with pytest.raises(UnavailableError, match=r"no database \[503, store\]"):
        client_over(script, retries=retries).health()
    assert len(script.requests) == retries + 1


def test_a_failure_keeps_its_cause(client_over: Callable[..., Any]) -> None:
    with pytest.raises(UnreachableError, match="refused") as caught:
        client_over(Script(REFUSED), retries=0).health()
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)
    with pytest.raises(TimedOutError) as late:
        client_over(Script(LATE)).health()
    assert isinstance(late.value, TimeoutError)


def test_it_waits_as_long_as_it_is_told(client_over: Callable[..., Any]) -> None:
    begun = monotonic()
    assert client_over(Script(busy(0.3), OK)).health().status == "ok"
    assert monotonic() - begun >= 0.3


@pytest.mark.parametrize("after", [30, format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)])
def test_it_does_not_wait_where_that_would_be_too_long(client_over: Callable[..., Any], after: object) -> None:
    begun = monotonic()
    with pytest.raises(RateLimitError) as caught:
        client_over(Script(busy(after), OK), timeout=5).health()
    assert caught.value.retry_after >= 30
    assert monotonic() - begun < 3


def test_nothing_is_tried_after_the_deadline(client_over: Callable[..., Any]) -> None:
    script = Script(busy(0.5), RANKING)
    with pytest.raises(RateLimitError):
        client_over(script).rerank("milk", ["tea"], deadline_ms=400)
    assert len(script.requests) == 1


def test_a_header_that_says_no_time_is_passed_over(client_over: Callable[..., Any]) -> None:
    script = Script(busy("soon"), busy("Thu, 01 Jan 2099 00:00:00 -0000"), OK)
    assert client_over(script).health().status == "ok"


def test_a_deadline_bounds_the_whole_call_and_what_is_left_of_it_is_asked_for(client_over: Callable[..., Any]) -> None:
    script = Script(busy(0.2), RANKING)
    with pytest.raises(ServiceError):  # the script's ranking lacks fields
        client_over(script).rerank("milk", ["tea"], deadline_ms=3000)
    first, second = (json.loads(request.content)["deadline_ms"] for request in script.requests)
    assert first == 3000
    assert 1 <= second <= 2800
    waits = [request.extensions["timeout"] for request in script.requests]
    assert 3 < waits[0]["read"] <= 4
    assert waits[1]["read"] <= 3.8
    assert waits[0]["connect"] <= waits[0]["read"]


def test_no_deadline_is_waited_for_longer_than_the_client_waits(client_over: Callable[..., Any]) -> None:
    script = Script(REFUSED)
    with pytest.raises(UnreachableError):
        client_over(script, timeout=2, retries=0).rerank("milk", ["tea"], deadline_ms=60_000)
    assert script.requests[0].extensions["timeout"]["read"] <= 2


class Trickling(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """Says something now and then, and never all of it."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            sleep(0.05)
            yield b" "

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.close()


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_trickles_is_given_up_too(client_over: Callable[..., Any], status: int) -> None:
    body, begun = Trickling(), monotonic()
    client = client_over(httpx2.MockTransport(lambda _: httpx2.Response(status, stream=body)), timeout=0.2)
    with pytest.raises(TimedOutError):
        client.health()
    assert monotonic() - begun < 2
    assert body.closed


def test_what_is_sent_twice_is_the_same_both_times(client_over: Callable[..., Any]) -> None:
    answer = httpx2.Response(200, json={"accepted": 1, "known": 1})
    script = Script(AWAY, answer, httpx2.Response(200, json={"known": False}))
    client = client_over(script)
    client.add_interactions([KeyedInteractionIn(user_id="anna", item_id="tea")])
    first, second = script.requests
    assert first.content == second.content
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    client.feedback("1", "tea", "click")
    assert json.loads(script.requests[-1].content)["key"]


def test_what_was_kept_though_the_reply_was_lost_counts_once(
    client_over: Callable[..., Any], app: TestClient, make_key: Callable[..., str]
) -> None:
    lost: list[httpx2.Request] = []

    def lossy(request: httpx2.Request) -> httpx2.Response:
        reply = app.request(
            request.method, request.url.raw_path.decode(), headers=request.headers, content=request.content
        )
        if not lost:
            lost.append(request)
            raise httpx2.ReadError("the connection was reset")
        return httpx2.Response(reply.status_code, content=reply.content)

    client = client_over(httpx2.MockTransport(lossy), api_key=make_key())
    answer = client.add_interactions([KeyedInteractionIn(user_id="nobody", item_id="tea")])
    assert (answer.accepted, answer.known) == (1, 1)
    assert len(client.history("nobody").interactions) == 1


def test_what_was_asked_wrongly_is_told_at_once(client_over: Callable[..., Any]) -> None:
    with pytest.raises(InvalidRequestError):
        client_over(Script(httpx2.Response(422))).history("anna", newest=0)


def test_pauses_grow_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges: list[tuple[float, float]] = []
    monkeypatch.setattr(patience, "uniform", lambda low, high: ranges.append((low, high)) or 0.0)
    one = patience.Patience(timeout=60, retries=7, deadline_ms=None)
    again = [one.pause_after(RateLimitError("busy", status=429, retry_after=2)) for _ in range(8)]
    assert again == [2.0] * 7 + [None]
    assert [high for _, high in ranges[:7]] == [0.5, 1, 2, 4, 8, 8, 8]
