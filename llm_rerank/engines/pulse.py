"""Whether what is asked still answers: a process may hang and never die."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Final

_HUNG_SECONDS: Final = 60.0


class Pulse:
    """Of one that answers several at once. Time in which nobody waits for an answer does not count."""

    def __init__(self) -> None:
        self._changing = Lock()
        self._waiting = 0
        self._silent = 0.0  # seconds since the last answer in which somebody waited, up to `_since`
        self._since = 0.0

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Within it somebody waits."""
        self._wait(1)
        try:
            yield
        finally:
            self._wait(-1)

    def beat(self) -> None:
        """There is an answer, or a part of one."""
        with self._changing:
            self._silent, self._since = 0.0, monotonic()

    @property
    def hung(self) -> bool:
        """Whether for a minute nobody had anything of what they waited for. Whoever has given up has waited too."""
        with self._changing:
            return self._so_far() >= _HUNG_SECONDS

    def _wait(self, more: int) -> None:
        with self._changing:
            self._silent, self._since = self._so_far(), monotonic()
            self._waiting += more

    def _so_far(self) -> float:
        return self._silent + (monotonic() - self._since if self._waiting else 0.0)
