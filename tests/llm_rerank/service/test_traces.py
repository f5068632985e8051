"""Who asks for traces gets them, in the caller's own."""

import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.otel import OtelTraces
from llm_rerank.service.service import Service
from llm_rerank.service.traces import NoTraces, open_traces
from retrieval.errors import ConfigError, EngineError, MissingExtraError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
Serve = Callable[..., Service]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def collected(serve: Serve, show_key: Any) -> Iterator[Callable[..., list[ReadableSpan]]]:
    """The spans of one request for a ranking."""
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    service = serve(traces=OtelTraces(provider))
    with TestClient(create_app(service)) as client:

        def ask(fails: Exception | None = None, **headers: str) -> list[ReadableSpan]:
            service.recommender.reranker.engine.fails = fails  # type: ignore[attr-defined]
            client.post("/v1/recommend", json={"user_id": "anna", "explained": 1}, headers=show_key(service) | headers)
            return list(spans.get_finished_spans())

        yield ask


def test_a_request_is_a_span_in_the_callers_trace(collected: Any) -> None:
    *_, request = collected(traceparent=f"00-{TRACE}-{PARENT}-01")
    assert (request.name, request.kind.name) == ("POST /v1/recommend", "SERVER")
    assert f"{request.context.trace_id:032x}" == TRACE
    assert f"{request.parent.span_id:016x}" == PARENT
    known = request.attributes
    assert (known["http.route"], known["http.response.status_code"]) == ("/v1/recommend", 200)
    assert known["llm_rerank.answered_by"] == "llm"
    assert "anna" not in request.to_json()


def test_its_stages_are_spans_within_it_in_their_order(collected: Any) -> None:
    *stages, request = collected()
    assert request.parent is None
    assert [stage.name for stage in stages] == ["queue", "history", "retrieve", "score", "fuse", "explain", "keep"]
    assert {stage.parent.span_id for stage in stages} == {request.context.span_id}
    assert all(stage.start_time <= stage.end_time for stage in stages)
    assert request.start_time <= stages[1].start_time
    assert stages[-1].end_time <= request.end_time


def test_what_is_missing_and_what_failed_is_told_in_words_of_ours(collected: Any) -> None:
    *_, degraded = collected(fails=EngineError("anna's history is too long"))
    assert degraded.attributes["llm_rerank.degraded"] == ("engine",)
    *_, failed = collected(fails=KeyError("anna"))
    assert (failed.attributes["http.response.status_code"], failed.status.status_code.name) == (500, "ERROR")
    assert not failed.events
    assert "anna" not in failed.to_json() + degraded.to_json()


def test_nobody_collects_them_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_traces(), NoTraces)
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert isinstance(open_traces(), NoTraces)


class Collector(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.got = list[tuple[str, bytes]]()
        super().__init__(("127.0.0.1", 0), Keeping)


class Keeping(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.mark.parametrize("name", [None, "shop-service"])
def test_they_are_sent_to_whom_the_environment_names(
    serve: Serve, show_key: Any, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    if name:
        monkeypatch.setenv("OTEL_SERVICE_NAME", name)
    with Collector() as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{collector.server_port}")
        service = serve(traces=open_traces())
        with TestClient(create_app(service)) as client:  # which closes it in the end
            client.post("/v1/recommend", json={"user_id": "anna"}, headers=show_key(service))
        collector.shutdown()
    assert {path for path, _ in collector.got} == {"/v1/traces"}
    sent = b"".join(body for _, body in collector.got)
    for word in (name or "llm-rerank", "POST /v1/recommend", "score"):
        assert word.encode() in sent
    assert b"anna" not in sent


def test_a_collector_that_is_not_there_keeps_nobody(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    begun = monotonic()
    with TestClient(create_app(serve(traces=open_traces()))) as client:
        assert client.get("/healthz").status_code == 200
    assert monotonic() - begun < 15


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "llm_rerank.service.otel", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'llm-rerank\[traces\]'"):
        open_traces()


def test_a_protocol_that_is_not_spoken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ConfigError, match=r"OTEL_EXPORTER_OTLP_PROTOCOL='grpc'.*4318"):
        open_traces()
