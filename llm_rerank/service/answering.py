"""From a request to work in a thread that ends when its deadline passes or its caller leaves."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from time import monotonic, perf_counter
from typing import Final, TypeVar

from fastapi import Request

from llm_rerank.deadline import Deadline
from llm_rerank.service.errors import ApiError
from llm_rerank.service.notes import LEFT, notes_of
from llm_rerank.service.service import Service
from retrieval.errors import CancelledError

_LOOK_SECONDS: Final = 0.05
Answer = TypeVar("Answer")
Event = TypeVar("Event")


async def answered(
    request: Request, service: Service, deadline_ms: float | None, work: Callable[[Deadline], Answer]
) -> Answer:
    """What `work` comes to. Its deadline, the service's own or an earlier one, counts from the request's arrival:
    whatever it waited for since is part of it.

    Raises ApiError where the caller has left, which nobody reads, or the service stops.
    """
    deadline = _deadline(request, service, deadline_ms)

    async def in_its_place() -> Answer:
        async with _under_way(request, service, deadline):
            return await asyncio.to_thread(work, deadline)

    return await _while_there(request, deadline, in_its_place())


async def streamed(
    request: Request, service: Service, deadline_ms: float | None, work: Callable[[Deadline], Iterator[Event]]
) -> AsyncGenerator[Event, None]:
    """What `work` yields, as it comes; likewise. The first event is there already: whatever is refused, is refused
    before anything is sent. Closing the iterator ends the work, and a slow reader keeps no place.
    """
    deadline = _deadline(request, service, deadline_ms)
    events = _events(request, service, deadline, work)
    first = await _while_there(request, deadline, anext(events))
    return _from(first, events)


def _deadline(request: Request, service: Service, asked: float | None) -> Deadline:
    latest = service.config.limits.deadline_ms
    whole = min(asked or latest, latest)
    deadline = Deadline(whole - 1000 * (monotonic() - notes_of(request.scope).came))
    deadline.milliseconds = whole  # as the caller knows it
    return deadline


@asynccontextmanager
async def _under_way(request: Request, service: Service, deadline: Deadline) -> AsyncIterator[None]:
    """In its place at the model, from when there is one."""
    notes, came = notes_of(request.scope), perf_counter()
    notes.deadline = deadline
    service.under_way.add(deadline)
    if service.over:
        deadline.set()
    try:
        async with service.admission.admitted(deadline) as placed:
            service.stages.took({"queue": 1000 * (perf_counter() - came)})
            notes.placed = placed
            yield
    except CancelledError:
        if service.over:
            raise ApiError(503, "the service stops", code="stopping", headers={"Retry-After": "1"}) from None
        if not deadline.passed:
            raise ApiError(LEFT, "the caller has left", code="left") from None
        raise
    finally:
        service.under_way.discard(deadline)


async def _while_there(request: Request, deadline: Deadline, work: Awaitable[Answer]) -> Answer:
    """What it comes to; a caller who has left is noticed, and the deadline told."""
    working = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([working], timeout=_LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                deadline.set()
        return working.result()
    except asyncio.CancelledError:  # the server stops: the thread is told so, and waited for
        deadline.set()
        await asyncio.gather(working, return_exceptions=True)
        raise CancelledError("the service stops", remedy="Ask again") from None


async def _events(
    request: Request, service: Service, deadline: Deadline, work: Callable[[Deadline], Iterator[Event]]
) -> AsyncGenerator[Event, None]:
    loop, events = asyncio.get_running_loop(), asyncio.Queue[Event | None]()

    def put_all() -> None:
        for event in work(deadline):
            loop.call_soon_threadsafe(events.put_nowait, event)

    async def in_its_place() -> None:
        try:
            async with _under_way(request, service, deadline):
                await asyncio.to_thread(put_all)
        finally:
            events.put_nowait(None)

    working = asyncio.create_task(in_its_place())
    working.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be there to hear of it
    try:
        while (event := await events.get()) is not None:
            yield event
        await working
    finally:
        deadline.set()
        await asyncio.wait([working])


async def _from(first: Event, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(events):
        yield first
        async for event in events:
            yield event
