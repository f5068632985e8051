"""The server: told to stop, it says so before it does."""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from threading import Timer
from types import FrameType
from typing import Final

import uvicorn

from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service

_CUT_OFF_SECONDS: Final = 5  # after what is given up should have been answered


class Server(uvicorn.Server):
    """Of one service. SIGTERM begins the notice, after which uvicorn stops; Ctrl-C and a second signal end the wait."""

    def __init__(self, service: Service, listening: Callable[[str], None] = lambda _: None) -> None:
        """`listening` hears of the address once requests may come there."""
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
        self._service, self._listening = service, listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Uvicorn's; the port may be known by now only."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._listening(f"{'https' if self.config.is_ssl else 'http'}://{_named(host)}:{port}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Uvicorn's handler of signals."""
        drain = self._service.config.drain
        notice = drain.notice_seconds if sig == signal.SIGTERM and not self._service.stopping else 0.0
        self._service.stopping = True
        _later(notice, super().handle_exit, sig, frame)
        _later(notice + drain.finish_seconds, self._service.give_up)


def _named(host: str) -> str:
    """As this machine's browsers reach it: nobody asks for 0.0.0.0."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _later(seconds: float, what: Callable[..., None], *given: object) -> None:
    timer = Timer(seconds, what, given)
    timer.daemon = True
    timer.start()


def serve(service: Service, listening: Callable[[str], None] = lambda _: None) -> None:
    """Answers until a signal comes, and ends as a program that has done what it was told."""
    # Uvicorn raises the signal again in the end: by default that would end the process before its children are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        Server(service, listening).run()
