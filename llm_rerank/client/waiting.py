"""The one thing in which the two clients differ: how they wait."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from types import TracebackType
from typing import Self

import httpx2


class Waiting(ABC):
    """What a call waits for."""

    _http: httpx2.Client | httpx2.AsyncClient

    @abstractmethod
    async def _send(self, request: httpx2.Request) -> httpx2.Response: ...

    @abstractmethod
    async def _read(self, reply: httpx2.Response) -> None: ...

    @abstractmethod
    def _events(self, reply: httpx2.Response) -> AsyncGenerator[httpx2.ServerSentEvent, None]: ...

    @abstractmethod
    async def _sleep(self, seconds: float) -> None: ...


class Blocking(Waiting):
    """Has waited by the time it returns: a coroutine that awaits nothing else runs through without a pause."""

    _http: httpx2.Client
    _borrowed: bool

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        return self._http.send(request, stream=True, follow_redirects=False)

    async def _read(self, reply: httpx2.Response) -> None:
        with closing(reply):
            reply.read()

    async def _events(self, reply: httpx2.Response) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        with closing(reply):
            for event in httpx2.EventSource(reply, max_event_size=None):  # other answers may be of any length, too
                yield event

    async def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Closes its connections; an `http` that it was given stays open."""
        if not self._borrowed:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Awaiting(Waiting):
    """Lets others go on meanwhile."""

    _http: httpx2.AsyncClient
    _borrowed: bool

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        return await self._http.send(request, stream=True, follow_redirects=False)

    async def _read(self, reply: httpx2.Response) -> None:
        async with aclosing(reply):
            await reply.aread()

    async def _events(self, reply: httpx2.Response) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        async with aclosing(reply):
            async for event in httpx2.EventSource(reply, max_event_size=None):
                yield event

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def aclose(self) -> None:
        """Closes its connections; an `http` that it was given stays open."""
        if not self._borrowed:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()
