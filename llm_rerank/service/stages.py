"""How long each stage of an answer takes, for metrics and traces alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, time_ns

from llm_rerank.service.metrics import Metrics
from llm_rerank.service.traces import Traces


class Stages:
    """Of the requests of one service."""

    def __init__(self, metrics: Metrics, traces: Traces) -> None:
        self._metrics, self._traces = metrics, traces

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Within it the stage goes on."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.took({stage: 1000 * (perf_counter() - begun)})

    def took(self, milliseconds: Mapping[str, float]) -> None:
        """Stages that followed one another, the last of which has just ended."""
        begun = time_ns() - _ns(sum(milliseconds.values()))
        for stage, spent in milliseconds.items():
            self._metrics.took(stage, spent / 1000)
            self._traces.stage(stage, begun, begun + _ns(spent))
            begun += _ns(spent)


def _ns(milliseconds: float) -> int:
    return round(1_000_000 * milliseconds)
