"""What the service counts and measures, for Prometheus. No label has more values than this code has words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from llm_rerank.ranking import AnsweredBy
from llm_rerank.service.notes import Notes
from llm_rerank.wire.rankings import Cause

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""Of Prometheus's text format."""
STAGES: Final = ("queue", "history", "retrieve", "score", "fuse", "explain", "keep")
"""queue: waiting for a place at the model. history: reading it from the database. score: by the LLM. fuse: its
scores with retrieval's. keep: writing the receipt.
"""

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Of one service: another one in this process has its own."""

    def __init__(self, about: Mapping[str, str], now: Mapping[str, Callable[[], float]], *, with_vllm: bool) -> None:
        """`about` is what is served, `now` what is looked at when somebody asks: running, waiting and ready.

        `with_vllm` adds what vLLM counts where it runs in this process.
        """
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        if with_vllm:
            self._registry.register(_OfVllm())
        Info("llm_rerank_build", "What is served.", registry=self._registry).info(dict(about))
        self._looked_at(now)
        self._requests = self._histogram(
            "llm_rerank_request_seconds",
            "From a request to the end of its reply; 499: its caller left before.",
            "method",
            "route",
            "status",
        )
        self._stages = self._histogram("llm_rerank_stage_seconds", "Of answering; score holds fusion.", "stage")
        self._errors = self._counter("llm_rerank_errors", "Replies that are errors, by their code.", "code")
        self._answers = self._counter("llm_rerank_answers", "Rankings, by whose order they have.", "answered_by")
        self._degraded = self._counter(
            "llm_rerank_degraded", "Rankings in which something is missing, and why.", "answered_by", "reason"
        )
        self._items = self._counter("llm_rerank_items", "Items in rankings; whether the LLM scored them.", "scored")
        self._rankings = self._counter("llm_rerank_rankings", "Rankings with a receipt, or not kept.", "receipt")
        self._begin_at_zero()

    def finished(self, notes: Notes) -> None:
        """A request, with what was noted of it."""
        self._requests.labels(notes.method, notes.route, notes.status).observe(notes.seconds)
        if notes.error:
            self._errors.labels(notes.error).inc()
        if notes.answered_by is None:
            return
        self._answers.labels(notes.answered_by).inc()
        for cause in notes.degraded:
            self._degraded.labels(notes.answered_by, cause).inc()
        self._items.labels("yes").inc(notes.scored)
        self._items.labels("no").inc(notes.not_scored)
        if notes.ranking_id or notes.ranking_lost:
            self._rankings.labels("lost" if notes.ranking_lost else "kept").inc()

    def took(self, stage: str, seconds: float) -> None:
        """A stage of answering one request."""
        self._stages.labels(stage).observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)

    def _looked_at(self, now: Mapping[str, Callable[[], float]]) -> None:
        for name, about in (
            ("running", "Requests that have a place at the model."),
            ("waiting", "Requests that wait for one."),
            ("ready", "1 where /readyz says so, but for the database."),
        ):
            Gauge(f"llm_rerank_{name}", about, registry=self._registry).set_function(now[name])

    def _begin_at_zero(self) -> None:
        """A rate of what has never happened is 0, not unknown."""
        for stage in STAGES:
            self._stages.labels(stage)
        for answered_by in get_args(AnsweredBy):
            self._answers.labels(answered_by)
            for cause in get_args(Cause):
                self._degraded.labels(answered_by, cause)
        for known in ("yes", "no"):
            self._items.labels(known)
        for known in ("kept", "lost"):
            self._rankings.labels(known)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(name, about, labels, buckets=_SECONDS, registry=self._registry)


class _OfVllm(Collector):
    """vLLM's engine counts in the global registry, under its own names: prefix cache, queue, tokens, ..."""

    def collect(self) -> Iterable[Metric]:
        return (metric for metric in REGISTRY.collect() if metric.name.startswith("vllm:"))
