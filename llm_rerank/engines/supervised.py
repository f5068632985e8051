"""Something that may die and is then started again, while callers are told so and do not wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging import getLogger
from threading import Event, Lock, Thread
from typing import Final, Generic, Protocol, TypeVar

from retrieval.errors import EngineError

_SECONDS: Final = 5.0  # between attempts to start what does not start: too little memory yet, say
_END_SECONDS: Final = 90.0  # what has not given up by then is stuck
_LOG: Final = getLogger(__name__)


class Running(Protocol):
    """What can die, and be ended."""

    @property
    def dead(self) -> bool:
        """Whether nothing is to be had of it any more."""
        ...

    def stop(self) -> None:
        """Ends it; it may be dead."""
        ...


One = TypeVar("One", bound=Running)


class Supervised(Generic[One]):
    """One that runs, or the attempt to have one."""

    def __init__(self, name: str, start: Callable[[Event], One]) -> None:
        """Starts it; raises what `start` raises. Callers hear of later failures, the log why; it tries again.

        `start` gives up once its event is set, and leaves nothing behind.
        """
        self._name, self._start = name, start
        self._closed = Event()
        self._running: One | None = start(self._closed)
        self._failed = False
        self._changing = Lock()
        self._replacing: Thread | None = None

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
            self._replacing = Thread(target=self._replace, args=(dead,), name=f"{self._name} restart", daemon=True)
            self._replacing.start()
        _LOG.error("%s has died and is being started again", self._name)

    @contextmanager
    def looked_after(self, running: One) -> Iterator[None]:
        """Whoever asks within it and gets nothing, or gives up, is the one who notices that it is dead."""
        try:
            yield
        except BaseException:  # a reader who closes what is streamed, too
            if running.dead:
                self.died(running)
            raise

    def close(self) -> None:
        """Ends it for good, also one that is being started: this process may end next, and would leave it behind."""
        self._closed.set()
        with self._changing:
            running, self._running = self._running, None
            replacing = self._replacing
        if running is not None:
            running.stop()
        if replacing is not None:
            replacing.join(_END_SECONDS)

    def _state(self) -> str:
        if self._closed.is_set():
            return "has been closed"
        return f"has died and is being started again{', which failed: the log says why' if self._failed else ''}"

    def _replace(self, dead: One) -> None:
        with suppress(Exception):  # it is dead: whatever does not end of it any more
            dead.stop()
        while not self._closed.is_set():
            try:
                running = self._start(self._closed)
            except Exception as err:  # were one let through, nobody would try again
                if self._closed.is_set():
                    return
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
