"""What a log says, and what it does not."""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.service.logs import set_up_logging
from llm_rerank.service.service import Service
from retrieval.errors import EngineError, ModelError

PRIVATE = "jean-luc"
Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    for name in ("handlers", "level"):
        monkeypatch.setattr(logging.root, name, getattr(logging.root, name))
    out = StringIO()
    set_up_logging(out)
    yield out
    logging.captureWarnings(capture=False)


@pytest.fixture
def said(out: StringIO) -> Said:
    """All that has been said, a line each."""
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_file_that_a_library_wrote_its_own_log_to_is_closed(out: StringIO, tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "own.log")
    logging.getLogger("a library of its own").addHandler(handler)
    stream = handler.stream
    set_up_logging(out)
    assert stream is not None
    assert stream.closed


def test_a_request_is_a_line(callers: Any, said: Said) -> None:
    reply = callers.post("/v1/recommend", {"user_id": "anna"}, **{"X-Request-ID": "order-17"})
    (line,) = said()
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request", "POST", "/v1/recommend", 200)
    assert (line["tenant"], line["answered_by"], line["request_id"]) == ("shop", "llm", "order-17")
    assert line["ranking_id"] == reply.json()["ranking_id"]
    assert line["key_id"] in reply.request.headers["Authorization"]
    assert line["ms"] > 0


def test_why_an_answer_lacks_something_is_a_word(callers: Any, service: Service, said: Said) -> None:
    service.recommender.reranker.engine.fails = EngineError(f"cannot read {PRIVATE}")  # type: ignore[attr-defined]
    callers.post("/v1/recommend", {"user_id": "anna"})
    (line,) = said()
    assert (line["answered_by"], line["degraded"]) == ("retrieval", ["engine"])
    assert PRIVATE not in str(line)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/recommend", {"user_id": PRIVATE, "instruction": PRIVATE}, 200),
        ("/v1/recommend", {"history": [{"item_id": "tea", "text": PRIVATE}], "item_ids": ["tea"]}, 200),
        ("/v1/recommend", {"user_id": "anna", "item_ids": [PRIVATE]}, 404),
        ("/v1/recommend", {"user_id": "anna", PRIVATE: 1}, 422),
        ("/v1/rerank", {"query": PRIVATE, "documents": [PRIVATE]}, 200),
        ("/v1/interactions", {"interactions": [{"user_id": PRIVATE, "item_id": "tea", "key": PRIVATE}]}, 200),
        (f"/v1/{PRIVATE}?user={PRIVATE}", {}, 404),
        (f"/v1/users/{PRIVATE}/history", {}, 405),
    ],
)
def test_no_line_names_a_user_or_what_was_sent(
    callers: Any, said: Said, path: str, body: dict[str, Any], status: int
) -> None:
    headers = callers.key()
    assert callers.post(path, body, headers).status_code == status
    assert PRIVATE not in (text := json.dumps(said()))
    assert headers["Authorization"].removeprefix("Bearer ") not in text


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb", "é"])
def test_an_id_that_is_none_is_replaced(callers: Any, given: str) -> None:
    replies = [callers.client.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")}) for _ in range(2)]
    first, second = (reply.headers["X-Request-ID"] for reply in replies)
    assert len(first) == len(second) == 32
    assert first != second


def test_every_reply_has_its_requests_id(callers: Any) -> None:
    named = {"X-Request-ID": "order-17"}
    wrong, large = callers.post("/v1/recommend", {}, **named), b" " * 5_000_000
    refused = callers.client.post("/v1/recommend", content=large, headers=named)
    lost = callers.client.get("/nowhere", headers=named)
    assert [reply.status_code for reply in (wrong, refused, lost)] == [422, 413, 404]
    assert {reply.headers["X-Request-ID"] for reply in (wrong, refused, lost)} == {"order-17"}


def test_an_error_that_nobody_foresaw_is_told_by_where_it_happened(callers: Any, service: Service, said: Said) -> None:
    unforeseen = ExceptionGroup(PRIVATE, [KeyError(PRIVATE)])
    unforeseen.__cause__ = OSError(28, "No space left on device", PRIVATE)
    service.recommender.reranker.engine.fails = unforeseen  # type: ignore[attr-defined]
    reply = callers.post("/v1/recommend", {"user_id": PRIVATE})
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal")
    failed, request = said()
    assert failed["request_id"] == request["request_id"] == reply.headers["X-Request-ID"]
    assert (request["status"], request["error"]) == (500, "internal")
    assert "in recommend" in failed["exception"]
    named = [line for line in failed["exception"].splitlines() if not line.startswith(" ")]
    assert named == ["KeyError", "OSError: No space left on device", "ExceptionGroup"]
    assert PRIVATE not in json.dumps([failed, request])


def test_an_error_of_ours_says_what_was_wrong_without_its_value(said: Said) -> None:
    try:
        raise ModelError("the file is cut short", field="model", value=PRIVATE)
    except ModelError:
        logging.getLogger("llm_rerank").exception("a task failed\nfuture: %s", PRIVATE)
    (line,) = said()
    assert line["event"] == "a task failed"
    assert line["exception"].endswith("ModelError: the file is cut short\n")
    assert PRIVATE not in str(line)


def test_libraries_and_warnings_come_out_the_same_way(out: StringIO, said: Said) -> None:
    other, own = logging.getLogger("another.library"), logging.StreamHandler(sys.stderr)
    other.addHandler(own)
    other.propagate = False
    logging.captureWarnings(capture=False)  # pytest has taken them back since
    set_up_logging(out)
    other.warning("slow: %s ms", 17)
    other.info("nobody wants to know")
    logging.getLogger("uvicorn.lifespan").info("listens", extra={"color_message": "listens"})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this will change", stacklevel=1)
    slow, listens, changes = said()
    assert (slow["event"], slow["logger"], slow["level"]) == ("slow: 17 ms", "another.library", "warning")
    assert listens["event"] == "listens"
    assert "color_message" not in listens
    assert "this will change" in changes["event"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("llmrr_0a1b_S3-cr_et was shown", "llmrr_0a1b_*** was shown"),
        ("postgresql+psycopg://anna:secret@db/shop is gone", "postgresql+psycopg://anna:***@db/shop is gone"),
    ],
)
def test_a_secret_is_masked_whoever_wrote_it(said: Said, written: str, shown: str) -> None:
    logging.getLogger("another.library").error(written)
    assert said()[0]["event"] == shown


def test_in_a_terminal_it_is_text(out: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "isatty", lambda: True)
    set_up_logging(out)
    logging.getLogger("llm_rerank").info("settings", extra={"port": 8080})
    assert "settings" in out.getvalue()
    assert "{" not in out.getvalue()


def test_who_looks_whether_it_is_well_is_told_of_only_where_it_is_not(
    callers: Any, service: Service, said: Said
) -> None:
    callers.client.get("/readyz")
    callers.client.get("/metrics")
    assert said() == []
    service.ready = False
    callers.client.get("/readyz")
    (line,) = said()
    assert (line["route"], line["status"]) == ("/readyz", 503)


def test_what_is_logged_in_another_thread_belongs_to_its_request(
    callers: Any, service: Service, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommend = service.recommender.recommend

    def talking(*given: Any, **named: Any) -> Any:
        logging.getLogger("llm_rerank").info("at work")
        return recommend(*given, **named)

    monkeypatch.setattr(service.recommender, "recommend", talking)
    callers.post("/v1/recommend", {"user_id": "anna"}, **{"X-Request-ID": "order-17"})
    callers.get("/v1/users/anna/history")
    at_work, request, other = said()
    assert at_work["request_id"] == request["request_id"] == "order-17"
    assert other["request_id"] != "order-17"
