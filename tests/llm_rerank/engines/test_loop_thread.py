import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from llm_rerank.engines.loop_thread import LoopThread, Put
from retrieval.errors import CancelledError, EngineError


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    one = LoopThread("test")
    yield one
    one.stop()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


class Never:
    """Work that does not end by itself, and says when it has begun and when it has ended."""

    def __init__(self) -> None:
        self.begun, self.ended = Event(), Event()

    async def run(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self.ended.set()

    def once_begun(self, what: Callable[[], None]) -> None:
        """In another thread."""
        Thread(target=lambda: self.begun.wait(5) and what(), daemon=True).start()


async def count(put: Put[int]) -> None:
    for number in range(3):
        put(number)
        await asyncio.sleep(0)


async def count_and_fail(put: Put[int]) -> None:
    put(1)
    raise TimeoutError("no more")


def test_an_answer(thread: LoopThread) -> None:
    assert thread.ask(double(21)) == 42


def test_a_failure_is_the_callers(thread: LoopThread) -> None:
    with pytest.raises(TimeoutError, match="no more"):
        thread.ask(count_and_fail(lambda _: None), Event())


def test_a_caller_who_cancels_does_not_wait_and_the_work_ends(thread: LoopThread) -> None:
    cancel, never = Event(), Never()
    never.once_begun(cancel.set)
    with pytest.raises(CancelledError):
        thread.ask(never.run(), cancel)
    assert never.ended.wait(5)


def test_a_stream(thread: LoopThread) -> None:
    assert list(thread.stream(count)) == [0, 1, 2]
    assert list(thread.stream(count, Event())) == [0, 1, 2]


def test_a_stream_that_fails_gives_what_came_before(thread: LoopThread) -> None:
    pieces = thread.stream(count_and_fail)
    assert next(pieces) == 1
    with pytest.raises(TimeoutError, match="no more"):
        next(pieces)


def test_a_reader_who_leaves_ends_the_work(thread: LoopThread) -> None:
    never = Never()

    async def put_and_stay(put: Put[int]) -> None:
        put(1)
        await never.run()

    pieces = thread.stream(put_and_stay)
    assert next(pieces) == 1
    assert never.begun.wait(5)
    pieces.close()  # type: ignore[attr-defined]
    assert never.ended.wait(5)


def test_a_stream_is_cancelled_while_it_waits(thread: LoopThread) -> None:
    cancel, never = Event(), Never()
    never.once_begun(cancel.set)
    with pytest.raises(CancelledError):
        list(thread.stream(lambda _: never.run(), cancel))
    assert never.ended.wait(5)


def test_what_is_under_way_when_it_stops_is_cancelled_and_nothing_comes_after() -> None:
    thread, never = LoopThread("test"), Never()
    never.once_begun(thread.stop)
    with pytest.raises(FutureCancelledError):
        thread.ask(never.run())
    assert never.ended.wait(5)
    thread.stop()
    with pytest.raises(EngineError, match="it has ended"):
        thread.ask(double(1))
    with pytest.raises(EngineError, match="it has ended"):
        next(thread.stream(count))


def test_nobody_who_asks_while_it_stops_waits_for_ever() -> None:
    for _ in range(20):
        thread = LoopThread("test")

        def ask_until_it_ends(thread: LoopThread = thread) -> bool:
            while True:
                try:
                    thread.ask(double(1))
                except (EngineError, FutureCancelledError):
                    return True

        with ThreadPoolExecutor(8) as callers:
            asking = [callers.submit(ask_until_it_ends) for _ in range(8)]
            thread.stop()
            assert all(one.result(timeout=20) for one in asking)
