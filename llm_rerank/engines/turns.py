"""A lock that is given to whoever came first, and that callers stop waiting for when nobody waits for them."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

from llm_rerank.engines.base import raise_if_cancelled

_LOOK_SECONDS: Final = 0.02  # how soon a caller's wish to stop is seen


class Turns:
    """One at a time, in the order in which they came: to wait with timeouts for a plain Lock is to lose one's place."""

    def __init__(self) -> None:
        self._changing = Lock()
        self._turns: deque[Event] = deque()  # the first one's holder is within

    @contextmanager
    def taken(self, cancel: Event | None = None) -> Iterator[None]:
        """Within, nobody else is; raises CancelledError as soon as `cancel` is set while it waits."""
        turn = Event()
        with self._changing:
            self._turns.append(turn)
            self._turns[0].set()
        try:
            while not turn.wait(None if cancel is None else _LOOK_SECONDS):
                raise_if_cancelled(cancel)
            yield
        finally:
            with self._changing:
                self._turns.remove(turn)
                if self._turns:
                    self._turns[0].set()
