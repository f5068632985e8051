"""Traces by OpenTelemetry. Of the web's conventions the attributes that hold paths are left out: they name users."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from llm_rerank.service.notes import Notes

_W3C: Final = TraceContextTextMapPropagator()


class OtelTraces:
    """Spans of one provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("llm_rerank.service", version("llm-rerank"))

    @classmethod
    def to_collector(cls) -> "OtelTraces":
        """Over HTTP, in batches, to where the environment says."""
        provider = TracerProvider(resource=_resource())
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    @contextmanager
    def request(self, notes: Notes, headers: Mapping[str, str]) -> Iterator[None]:
        """See Traces.request."""
        with self._tracer.start_as_current_span(
            notes.method,
            context=_W3C.extract(headers),
            kind=SpanKind.SERVER,
            record_exception=False,  # what errors say may be what somebody sent
            set_status_on_exception=False,
        ) as span:
            notes.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                yield
            finally:
                _tell(span, notes)

    def stage(self, name: str, begun_ns: int, ended_ns: int) -> None:
        """See Traces.stage."""
        self._tracer.start_span(name, start_time=begun_ns).end(ended_ns)

    def close(self) -> None:
        """See Traces.close."""
        self._provider.shutdown()


def _resource() -> Resource:
    """The environment may call it what it likes."""
    told = Resource.create()
    named = not str(told.attributes[SERVICE_NAME]).startswith("unknown_service")
    return told if named else told.merge(Resource({SERVICE_NAME: "llm-rerank"}))


def _tell(span: Span, notes: Notes) -> None:
    span.update_name(f"{notes.method} {notes.route}")
    span.set_attributes(
        {
            "http.request.method": notes.method,
            "http.route": notes.route,
            "http.response.status_code": notes.status,
            "llm_rerank.request_id": notes.request_id,
            "llm_rerank.degraded": notes.degraded,
        }
    )
    if notes.answered_by is not None:
        span.set_attribute("llm_rerank.answered_by", notes.answered_by)
    if notes.status >= 500:
        span.set_status(Status(StatusCode.ERROR))
