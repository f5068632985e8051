"""On what terms the model is asked: in which words, for whom, how urgently, and until when."""

from dataclasses import dataclass
from threading import Event
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Those of one caller."""

    instruction: str | None = None
    """What the model is told, in place of the configured instruction."""
    salt: str = ""
    """Engines that keep prefixes share them among callers of one salt and no others."""
    priority: int = 0
    """Engines that put callers in an order (vLLM) take the lower first."""
    cancel: Event | None = None
    """Set when nobody waits for an answer any more."""


PLAIN: Final = Terms()
"""Of a caller who wants nothing special."""
