"""The server: told to stop, it says so before it does."""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from types import FrameType
from typing import Final

import uvicorn

from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service

_CUT_OFF_SECONDS: Final = 5  # after what is given up should have been answered


class Server(uvicorn.Server):
    """Of one service. SIGTERM begins the notice, after which uvicorn stops; Ctrl-C and a second signal end the wait."""

    def __init__(self, service: Service) -> None:
        config = service.config
        super().__init__(
            uvicorn.Config(
                create_app(service),
                host=config.host,
                port=config.port,
                ssl_certfile=config.tls_certificate,
                ssl_keyfile=config.tls_key,
                access_log=False,  # its lines hold user ids
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=config.drain.finish_seconds + _CUT_OFF_SECONDS,
            )
        )
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Uvicorn's handler of signals."""
        drain = self._service.config.drain
        notice = drain.notice_seconds if sig == signal.SIGTERM and not self._service.stopping else 0.0
        self._service.stopping = True
        _later(notice, super().handle_exit, sig, frame)
        _later(notice + drain.finish_seconds, self._service.give_up)


def _later(seconds: float, what: Callable[..., None], *given: object) -> None:
    timer = Timer(seconds, what, given)
    timer.daemon = True
    timer.start()


def serve(service: Service) -> None:
    """Answers until a signal comes, and ends as a program that has done what it was told."""
    # Uvicorn raises the signal again in the end: by default that would end the process before its children are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        Server(service).run()
