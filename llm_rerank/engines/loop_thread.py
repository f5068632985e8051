"""An event loop in a thread of its own, for engines that are asynchronous: callers wait, and may stop waiting."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Final, TypeVar

from llm_rerank.engines.base import raise_if_cancelled
from retrieval.errors import EngineError

_LOOK_SECONDS: Final = 0.02  # how soon a caller's wish to stop is seen
_END_SECONDS: Final = 10.0  # a loop that has not ended by then is stuck, and left behind

Answer = TypeVar("Answer")
Piece = TypeVar("Piece")
Put = Callable[[Piece], None]


class LoopThread:
    """The thread; work that is cancelled or left behind is cancelled in the loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        self._stopping = False
        self._changing = Lock()

    def ask(self, work: Coroutine[Any, Any, Answer], cancel: Event | None = None) -> Answer:
        """What it comes to; raises what it raises, CancelledError as soon as `cancel` is set, and EngineError where
        the thread has been stopped.
        """
        answer = self._submit(work)
        try:
            _wait(answer, cancel)
            return answer.result()
        finally:
            answer.cancel()  # nothing comes of it where it is done

    def stream(
        self, work: Callable[[Put[Piece]], Coroutine[Any, Any, None]], cancel: Event | None = None
    ) -> Iterator[Piece]:
        """What `work` puts, as it comes; likewise. It does not wait for a slow reader: what it puts must be bounded.

        Closing the iterator cancels the work.
        """
        raise_if_cancelled(cancel)
        pieces: SimpleQueue[Piece | None] = SimpleQueue()
        writing = self._submit(work(pieces.put))
        writing.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := _next(pieces, cancel)) is not None:
                yield piece
            writing.result()
        finally:
            writing.cancel()

    def stop(self) -> None:
        """Cancels all that is under way, and ends the thread; twice is once."""
        with self._changing:
            if self._stopping:
                return
            self._stopping = True  # from now on nobody can add work that would wait for ever
        wait([asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop)], timeout=_END_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _submit(self, work: Coroutine[Any, Any, Answer]) -> "Future[Answer]":
        with self._changing:
            if not self._stopping:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise EngineError("it has ended", field="engine", value=self._thread.name, remedy="Ask again in a minute")


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _wait(answer: "Future[Any]", cancel: Event | None) -> None:
    while not wait([answer], timeout=None if cancel is None else _LOOK_SECONDS).done:
        raise_if_cancelled(cancel)


def _next(pieces: "SimpleQueue[Piece | None]", cancel: Event | None) -> Piece | None:
    while True:
        raise_if_cancelled(cancel)
        with suppress(Empty):
            return pieces.get(timeout=None if cancel is None else _LOOK_SECONDS)
