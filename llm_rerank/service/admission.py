"""A bounded queue before the model: who comes when it is full is told when to come again."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from llm_rerank.deadline import Deadline
from llm_rerank.service.errors import ApiError

_LOOK_SECONDS: Final = 0.02  # how soon it is seen that nobody waits any more


class Admission:
    """So many at once, so many who wait, and no more."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._at_once, self._most = at_once, waiting
        self.running = 0
        self.waiting = 0
        self._seconds = 1.0  # that one takes, newer ones counting more

    @asynccontextmanager
    async def admitted(self, deadline: Deadline) -> AsyncIterator[bool]:
        """Waits for a place, and whether there was one.

        Without one the deadline has passed, or the caller left: no model is asked, no place needed.

        Raises ApiError, 429, where too many wait already.
        """
        if self.running + self.waiting >= self._at_once + self._most:  # the semaphore counts a turn of the loop later
            raise ApiError(
                429,
                f"{self._most} requests wait already",
                code="overloaded",
                headers={"Retry-After": str(self.retry_after)},
            )
        if not await self._has_place(deadline):
            yield False
            return
        self.running += 1
        begun = monotonic()
        try:
            yield True
        finally:
            self._seconds += 0.1 * (monotonic() - begun - self._seconds)
            self.running -= 1
            self._free.release()

    async def _has_place(self, deadline: Deadline) -> bool:
        self.waiting += 1
        acquiring = asyncio.ensure_future(self._free.acquire())
        try:
            while not acquiring.done() and not deadline.is_set():
                await asyncio.wait([acquiring], timeout=_LOOK_SECONDS)
            return acquiring.done()
        finally:
            acquiring.cancel()  # nothing comes of it where there is a place
            self.waiting -= 1

    @property
    def retry_after(self) -> int:
        """Seconds until there is likely to be a place."""
        return max(1, math.ceil(self._seconds * (self.waiting + 1) / self._at_once))
