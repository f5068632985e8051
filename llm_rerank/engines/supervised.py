"""Something that may die and is then started again, while callers are told so and do not wait."""

from collections.abc import Callable
from contextlib import suppress
from logging import getLogger
from threading import Event, Lock, Thread
from typing import Final, Generic, Protocol, TypeVar

from retrieval.errors import EngineError

_SECONDS: Final = 5.0  # between attempts to start what does not start: too little memory yet, say
_LOG: Final = getLogger(__name__)


class Running(Protocol):
    """What can be ended."""

    def stop(self) -> None:
        """Ends it; it may be dead."""
        ...


One = TypeVar("One", bound=Running)


class Supervised(Generic[One]):
    """One that runs, or the attempt to have one."""

    def __init__(self, name: str, start: Callable[[], One]) -> None:
        """Starts it; raises what `start` raises. Callers hear of later failures, the log why; it tries again."""
        self._name, self._start = name, start
        self._running: One | None = start()
        self._failed = False
        self._closed = Event()
        self._changing = Lock()

    def require(self) -> One:
        """The one that runs; raises EngineError where none does."""
        running = self._running
        if running is None:
            raise EngineError(
                f"{self._name} {self._state()}", field="engine", value=self._name, remedy="Ask again in a minute"
            )
        return running

    def died(self, dead: One) -> None:
        """Another one is started, once, whoever notices first."""
        with self._changing:
            if self._running is not dead:
                return
            self._running, self._failed = None, False
        _LOG.error("%s has died and is being started again", self._name)
        Thread(target=self._replace, args=(dead,), name=f"{self._name} restart", daemon=True).start()

    def close(self) -> None:
        """Ends it for good."""
        self._closed.set()
        with self._changing:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _state(self) -> str:
        if self._closed.is_set():
            return "has been closed"
        return f"has died and is being started again{', which failed: the log says why' if self._failed else ''}"

    def _replace(self, dead: One) -> None:
        with suppress(Exception):  # it is dead: whatever does not end of it any more
            dead.stop()
        while not self._closed.is_set():
            try:
                running = self._start()
            except Exception as err:  # were one let through, nobody would try again
                self._failed = True  # callers hear that, and the log why: it may name files and machines
                _LOG.error("%s does not start: %s", self._name, err)
                self._closed.wait(_SECONDS)
                continue
            with self._changing:
                if not self._closed.is_set():
                    self._running = running
                    _LOG.warning("%s runs again", self._name)
                    return
            running.stop()
