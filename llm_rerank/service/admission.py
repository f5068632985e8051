"""A bounded queue before the model: who comes when it is full is told when to come again."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from llm_rerank.service.errors import ApiError


class Admission:
    """So many at once, so many who wait, and no more."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._at_once, self._most = at_once, waiting
        self.running = 0
        self.waiting = 0
        self._seconds = 1.0  # that one takes, newer ones counting more

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Waits for a place; raises ApiError, 429, where too many wait already."""
        if self._free.locked() and self.waiting >= self._most:
            raise ApiError(
                429,
                f"{self.waiting} requests wait already",
                code="overloaded",
                headers={"Retry-After": str(self.retry_after)},
            )
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        begun = monotonic()
        try:
            yield
        finally:
            self._seconds += 0.1 * (monotonic() - begun - self._seconds)
            self.running -= 1
            self._free.release()

    @property
    def retry_after(self) -> int:
        """Seconds until there is likely to be a place."""
        return max(1, math.ceil(self._seconds * (self.waiting + 1) / self._at_once))
