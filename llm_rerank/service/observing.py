"""Every request gets an id; log, metrics and trace hear what became of it."""

import logging
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_rerank.service.logs import told_in
from llm_rerank.service.metrics import Metrics
from llm_rerank.service.notes import NO_ROUTE, Notes
from llm_rerank.service.traces import Traces

REQUEST_ID: Final = "X-Request-ID"
_LOG: Final = logging.getLogger(__name__)
_ASKED_BY_MACHINES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Observed:
    """Notes what is answered, and says it once it is."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, traces: Traces) -> None:
        self._app, self._metrics, self._traces = app, metrics, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        notes = Notes.begin(scope, headers.get(REQUEST_ID))

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                notes.status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = notes.request_id
            await send(message)

        begun = perf_counter()
        with self._traces.request(notes, headers), told_in(**notes.ids()):
            try:
                await self._app(scope, receive, noting)
            finally:
                notes.seconds = perf_counter() - begun
                notes.route = getattr(scope.get("route"), "path_format", NO_ROUTE)
                self._metrics.finished(notes)
                _log(notes)


def _log(notes: Notes) -> None:
    """Those who look whether we are well would fill the log, unless we are not."""
    level = logging.DEBUG if notes.route in _ASKED_BY_MACHINES and notes.status < 400 else logging.INFO
    _LOG.log(level, "request", extra=notes.shown())
