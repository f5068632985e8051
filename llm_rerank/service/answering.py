"""From a request to work in a thread that ends when its deadline passes or its caller leaves."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import Request

from llm_rerank.deadline import Deadline
from llm_rerank.service.service import Service
from retrieval.errors import CancelledError

_LOOK_SECONDS: Final = 0.05
Answer = TypeVar("Answer")


async def answered(
    request: Request, service: Service, deadline_ms: float | None, work: Callable[[Deadline], Answer]
) -> Answer:
    """What `work` comes to. Its deadline, the service's own or an earlier one, counts from now: waiting is part of it.

    Raises CancelledError where the caller has left: nobody reads what is answered then.
    """
    latest = service.config.limits.deadline_ms
    deadline = Deadline(min(deadline_ms or latest, latest))
    async with service.admission.admitted(deadline.milliseconds / 1000):
        working = asyncio.create_task(asyncio.to_thread(work, deadline))
        try:
            while not (await asyncio.wait([working], timeout=_LOOK_SECONDS))[0]:
                if await request.is_disconnected():
                    deadline.set()
            return working.result()
        except asyncio.CancelledError:  # the server stops: the thread is told so, and waited for
            deadline.set()
            await asyncio.wait([working])
            raise CancelledError("the service stops", remedy="Ask again") from None
