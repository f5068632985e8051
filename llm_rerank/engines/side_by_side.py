"""What asynchronous engines have in common: prompts and texts asked side by side, and what goes wrong there."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest
from llm_rerank.engines.loop_thread import Put
from llm_rerank.tokenizer import TokenIds
from retrieval.errors import EngineError, LlmRerankError

Rows = list[list[float]]
"""One a continuation: the log-probabilities of the request's labels behind it."""


async def scored(
    requests: Sequence[ScoringRequest],
    ask: Callable[[ScoringRequest, Sequence[TokenIds]], Coroutine[Any, Any, Rows]],
    *,
    at_once: int,
) -> tuple[NDArray[np.float32], ...]:
    """See Engine.score: `ask` is given a request and up to `at_once` of its continuations."""
    async with asyncio.TaskGroup() as group:
        parts = [
            [
                group.create_task(ask(request, request.continuations[start : start + at_once]))
                for start in range(0, len(request.continuations), at_once)
            ]
            for request in requests
        ]
    return tuple(
        np.array([row for part in of for row in part.result()], dtype=np.float32).reshape(-1, len(request.labels))
        for of, request in zip(parts, requests, strict=True)
    )


async def written(
    write: Callable[[int, GenerationRequest, Put[GeneratedPiece]], Coroutine[Any, Any, None]],
    requests: Sequence[GenerationRequest],
    put: Put[GeneratedPiece],
) -> None:
    """See Engine.generate: `write` puts the pieces of one text."""
    async with asyncio.TaskGroup() as group:
        for index, request in enumerate(requests):
            group.create_task(write(index, request, put))


@contextmanager
def failing_as(failed: Callable[[str], EngineError]) -> Iterator[None]:
    """Whatever goes wrong becomes an EngineError; of several things that went wrong side by side, the first."""
    try:
        yield
    except LlmRerankError:
        raise
    except Exception as err:
        cause = err.exceptions[0] if isinstance(err, ExceptionGroup) else err
        if isinstance(cause, LlmRerankError):
            raise cause from err
        raise failed(f"{type(cause).__name__}: {cause}") from err
