"""A lock that callers stop waiting for when nobody waits for them any more."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

from llm_rerank.engines.base import raise_if_cancelled

_LOOK_SECONDS: Final = 0.02  # how soon a caller's wish to stop is seen


@contextmanager
def held(lock: Lock, cancel: Event | None) -> Iterator[None]:
    """Holds `lock`; raises CancelledError as soon as `cancel` is set while it waits."""
    while not lock.acquire(timeout=-1 if cancel is None else _LOOK_SECONDS):
        raise_if_cancelled(cancel)
    try:
        yield
    finally:
        lock.release()
