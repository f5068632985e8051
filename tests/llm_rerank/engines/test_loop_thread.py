import asyncio
from collections.abc import Iterator
from concurrent.futures import CancelledError as FutureCancelledError
from threading import Event, Timer

import pytest

from llm_rerank.engines.loop_thread import LoopThread, Put
from retrieval.errors import CancelledError


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    one = LoopThread("test")
    yield one
    one.stop()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def never(ended: Event) -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        ended.set()


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
    cancel, ended = Event(), Event()
    Timer(0.05, cancel.set).start()
    with pytest.raises(CancelledError):
        thread.ask(never(ended), cancel)
    assert ended.wait(5)


def test_a_stream(thread: LoopThread) -> None:
    assert list(thread.stream(count)) == [0, 1, 2]
    assert list(thread.stream(count, Event())) == [0, 1, 2]


def test_a_stream_that_fails_gives_what_came_before(thread: LoopThread) -> None:
    pieces = thread.stream(count_and_fail)
    assert next(pieces) == 1
    with pytest.raises(TimeoutError, match="no more"):
        next(pieces)


def test_a_reader_who_leaves_ends_the_work(thread: LoopThread) -> None:
    ended = Event()

    async def put_and_stay(put: Put[int]) -> None:
        put(1)
        await never(ended)

    pieces = thread.stream(put_and_stay)
    assert next(pieces) == 1
    pieces.close()  # type: ignore[attr-defined]
    assert ended.wait(5)


def test_a_stream_is_cancelled_while_it_waits(thread: LoopThread) -> None:
    cancel, ended = Event(), Event()
    Timer(0.05, cancel.set).start()
    with pytest.raises(CancelledError):
        list(thread.stream(lambda _: never(ended), cancel))
    assert ended.wait(5)


def test_what_is_under_way_when_it_stops_is_cancelled() -> None:
    thread, ended, begun = LoopThread("test"), Event(), Event()

    async def begin() -> None:
        begun.set()
        await never(ended)

    Timer(0.05, thread.stop).start()
    with pytest.raises(FutureCancelledError):
        thread.ask(begin())
    assert ended.wait(5)
