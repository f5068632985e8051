"""Traces, where the environment says who collects them: a span a request, and one in it for each stage."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from llm_rerank.service.notes import Notes
from retrieval.errors import ConfigError, MissingExtraError

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
_SPOKEN: Final = "http/protobuf"


class Traces(Protocol):
    """Where spans go."""

    def request(self, notes: Notes, headers: Mapping[str, str]) -> AbstractContextManager[None]:
        """The span of a request, in the caller's trace where `headers` name one; it ends with what was noted."""
        ...

    def stage(self, name: str, begun_ns: int, ended_ns: int) -> None:
        """A span that is over, in that of the request; in nanoseconds since 1970."""
        ...

    def close(self) -> None:
        """Sends what has not been sent."""
        ...


class NoTraces:
    """Nobody collects them."""

    def request(self, notes: Notes, headers: Mapping[str, str]) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def stage(self, name: str, begun_ns: int, ended_ns: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


NO_TRACES: Final = NoTraces()


def open_traces() -> Traces:
    """To the collector that the environment names, by OpenTelemetry's own variables; none: to nobody.

    Raises MissingExtraError where OpenTelemetry is not installed, ConfigError for a protocol that is not spoken.
    """
    if not any(map(os.environ.get, _ENDPOINTS)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NO_TRACES
    for name in _PROTOCOLS:
        if os.environ.get(name, _SPOKEN) != _SPOKEN:
            remedy = f"Set it to {_SPOKEN} and name the collector's port for that, usually 4318"
            raise ConfigError("traces are not sent so", field=name, value=os.environ[name], remedy=remedy)
    try:
        from llm_rerank.service.otel import OtelTraces
    except ImportError as err:
        raise MissingExtraError(
            f"OpenTelemetry cannot be imported ({err})",
            field=" or ".join(_ENDPOINTS),
            value="set",
            remedy="Run pip install 'llm-rerank[traces]', or unset it",
        ) from err
    return OtelTraces.to_collector()
