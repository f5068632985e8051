"""What is raised for what comes back."""

import pickle
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from llm_rerank.client import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    UnavailableError,
    UnreadableAnswerError,
)
from retrieval.errors import LlmRerankError

ASKED = {"message": "no such ranking", "type": "not_found_error", "param": "ranking_id", "code": "no_such_ranking"}


def answering(*given: Any, **others: Any) -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _: httpx2.Response(*given, **others))


def caught(client: Any) -> ServiceError:
    with pytest.raises(ServiceError) as found:
        client.health()
    return found.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (413, InvalidRequestError),
        (422, InvalidRequestError),
        (429, RateLimitError),
        (500, UnavailableError),
        (504, UnavailableError),
        (307, UnreadableAnswerError),
        (204, UnreadableAnswerError),
    ],
)
def test_a_status_has_its_error(client_over: Callable[..., Any], status: int, kind: type[ServiceError]) -> None:
    assert type(caught(client_over(answering(status), retries=0))) is kind


def test_an_error_carries_what_the_service_said(client_over: Callable[..., Any]) -> None:
    err = caught(client_over(answering(404, json={"error": ASKED}, headers={"X-Request-ID": "r1"})))
    assert str(err) == "no such ranking [404, no_such_ranking, request r1]"
    assert (err.message, err.type, err.param, err.code) == tuple(ASKED.values())
    assert (err.status, err.request_id, err.retry_after) == (404, "r1", None)
    assert isinstance(err, LlmRerankError)


def test_an_error_may_be_sent_to_another_process(client_over: Callable[..., Any]) -> None:
    err = caught(client_over(answering(404, json={"error": ASKED})))
    back = pickle.loads(pickle.dumps(err))
    assert (type(back), str(back), back.code) == (NotFoundError, str(err), "no_such_ranking")


def test_what_a_proxy_says_is_told_by_its_status(client_over: Callable[..., Any]) -> None:
    err = caught(client_over(answering(502, html="<h1>Bad gateway</h1>"), retries=0))
    assert str(err) == "Bad Gateway [502]"
    with pytest.raises(UnavailableError, match="503"):
        client_over(answering(503, html="<h1>Down</h1>"), retries=0).ready()


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b'{"ok": true}', b""])
def test_what_is_no_answer_is_not_taken_for_one(client_over: Callable[..., Any], body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError, match="does not speak as llm-rerank does") as found:
        client_over(answering(200, content=body)).health()
    assert found.value.__cause__ is not None


def test_a_newer_service_may_say_more(client_over: Callable[..., Any]) -> None:
    assert client_over(answering(200, json={"status": "ok", "since": 3})).health().status == "ok"


def test_a_redirection_is_not_followed_with_the_key(blocks: bool, client_over: Callable[..., Any]) -> None:
    asked: list[str] = []

    def elsewhere(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(302, headers={"Location": "http://elsewhere/"})

    caught(client_over(httpx2.MockTransport(elsewhere)))
    assert asked == ["shop"]
