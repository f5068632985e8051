"""Something that may die and is then started again, while callers are told so and do not wait."""

from collections.abc import Callable
from threading import Lock, Thread
from time import sleep
from typing import Final, Generic, Protocol, TypeVar

from retrieval.errors import EngineError, ModelError

_SECONDS: Final = 5.0  # between attempts to start what does not start: too little memory yet, say


class Running(Protocol):
    """What can be ended."""

    def stop(self) -> None:
        """Ends it; it may be dead."""
        ...


One = TypeVar("One", bound=Running)


class Supervised(Generic[One]):
    """One that runs, or the attempt to have one."""

    def __init__(self, name: str, start: Callable[[], One]) -> None:
        """Starts it; raises what `start` raises, and a later ModelError of it is another attempt."""
        self._name, self._start = name, start
        self._running: One | None = start()
        self._closed = False
        self._changing = Lock()

    def require(self) -> One:
        """The one that runs; raises EngineError where none does."""
        running = self._running
        if running is None:
            what = "has been closed" if self._closed else "has died and is being started again"
            raise EngineError(f"{self._name} {what}", field="engine", value=self._name, remedy="Ask again in a minute")
        return running

    def died(self, dead: One) -> None:
        """Another one is started, once, whoever notices first."""
        with self._changing:
            if self._running is not dead:
                return
            self._running = None
        Thread(target=self._replace, args=(dead,), name=f"{self._name} restart", daemon=True).start()

    def close(self) -> None:
        """Ends it for good."""
        with self._changing:
            self._closed, running, self._running = True, self._running, None
        if running is not None:
            running.stop()

    def _replace(self, dead: One) -> None:
        dead.stop()
        while not self._closed:
            try:
                running = self._start()
            except ModelError:
                sleep(_SECONDS)
                continue
            with self._changing:
                if not self._closed:
                    self._running = running
                    return
            running.stop()
