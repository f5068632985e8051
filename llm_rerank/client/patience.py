"""How long a call goes on, and when it is worth asking again."""

from math import inf
from random import uniform
from time import monotonic
from typing import Final

import httpx2

from llm_rerank.client.errors import ServiceError, TimedOutError, UnreachableError

_AGAIN: Final = frozenset({429, 502, 503})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_TO_CONNECT: Final = 5.0
_AFTER_THE_DEADLINE: Final = 1.0  # for the way there and back: a service that works answers by then


class Patience:
    """One call's. Nothing is tried after its deadline, nor waited for long after that; and nothing after `timeout`."""

    def __init__(self, *, timeout: float, retries: int, deadline_ms: float | None) -> None:
        now = monotonic()
        self._asked_ms, self._deadline = deadline_ms, inf if deadline_ms is None else now + deadline_ms / 1000
        self._last_try = min(now + timeout, self._deadline)
        self._end = min(now + timeout, self._deadline + _AFTER_THE_DEADLINE)
        self._retries, self._retried = retries, 0

    @property
    def timeout(self) -> httpx2.Timeout:
        """For what is tried now: how long nothing need be heard."""
        left = max(0.001, self._end - monotonic())
        return httpx2.Timeout(left, connect=min(left, _TO_CONNECT))

    def require_time(self) -> None:
        """Raises TimedOutError where none is left."""
        if monotonic() >= self._end:
            raise TimedOutError("the service did not finish in time")

    @property
    def deadline_ms(self) -> float | None:
        """What is left of the deadline; all of it for the first attempt."""
        if self._asked_ms is None or not self._retried:
            return self._asked_ms
        return max(1.0, 1000 * (self._deadline - monotonic()))

    def pause_after(self, err: ServiceError) -> float | None:
        """Seconds after which to ask again; None where that would not help, or not in time.

        Not before the service said, and not when all others come too: what is added doubles from try to try, and is
        anything between nothing and that.
        """
        pause = (err.retry_after or 0.0) + uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._retried))
        helps = isinstance(err, UnreachableError) or err.status in _AGAIN
        if not helps or self._retried == self._retries or monotonic() + pause >= self._last_try:
            return None
        self._retried += 1
        return pause
