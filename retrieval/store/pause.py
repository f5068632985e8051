"""A pause after a call that nobody answered in time: the next ones would wait as long, and in vain."""

from threading import Lock
from time import monotonic
from typing import Final

_SECONDS: Final = 5.0


class Pause:
    """Of one database. Those who came before the first has waited in vain find out for themselves."""

    def __init__(self) -> None:
        self._ends: float | None = None
        self._looking = Lock()

    def refuses(self) -> bool:
        """Whether whoever comes now is not kept waiting. Once it has lasted, one is, and finds out for the others."""
        with self._looking:
            if self._ends is None:
                return False
            if monotonic() < self._ends:
                return True
            self._ends = monotonic() + _SECONDS
            return False

    def begin(self) -> None:
        """A call got no answer."""
        self._ends = monotonic() + _SECONDS

    def end(self) -> None:
        """A call got one."""
        self._ends = None
