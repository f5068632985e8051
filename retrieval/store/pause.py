"""A pause after a call that nobody answered: the next ones would wait as long, and in vain."""

from time import monotonic
from typing import Final

_SECONDS: Final = 5.0
_IN_VAIN: Final = 1.0
"""Seconds that a call waits before it counts: a server that is down refuses at once, and may be back at once."""


class Pause:
    """Of one database."""

    def __init__(self) -> None:
        self._ends = 0.0

    @property
    def lasts(self) -> bool:
        """Whether nobody should be kept waiting now. After it whoever comes first finds out."""
        return monotonic() < self._ends

    def after(self, began: float) -> None:
        """Of a call that began then and has failed without an answer."""
        if monotonic() - began > _IN_VAIN:
            self._ends = monotonic() + _SECONDS
