"""/v1/explanations: a ranking at once, and its reasons as they come, as server-sent events."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Final, cast

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus, SendTimeoutError
from starlette.types import Receive, Scope, Send

from llm_rerank.deadline import Deadline
from llm_rerank.explanations.events import Drafted, Explained, Found, ReasonEvent, with_reason
from llm_rerank.ranking import Ranking
from llm_rerank.service.answering import streamed
from llm_rerank.service.auth import Reader
from llm_rerank.service.conversion import evidence_out, explanation_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError, about, api_error
from llm_rerank.service.notes import Notes, notes_of
from llm_rerank.service.receipts import Receipt
from llm_rerank.service.requests import request_of, require_limits
from llm_rerank.service.service import Opened
from llm_rerank.wire.explanations import (
    DoneEvent,
    DraftEvent,
    ErrorEvent,
    Event,
    EvidenceEvent,
    ExplainIn,
    ExplanationEvent,
    RankingEvent,
)
from llm_rerank.wire.rankings import RecommendOut

AppStatus.enable_automatic_graceful_drain = False  # it would cut streams off as soon as the server is told to stop
router = APIRouter(tags=["rankings"], responses=refusals(404))
_STREAM: Final = {
    "description": "Server-sent events: ranking, evidence, explanation, done; or error. The data of each is JSON.",
    "content": {"text/event-stream": {}},
}


@router.post("/v1/explanations", response_class=EventSourceResponse, responses={200: _STREAM})
async def explanations(asked: ExplainIn, request: Request, service: Opened, caller: Reader) -> EventSourceResponse:
    """First the ranking, then what is found for each of its first items, then each reason once it is checked.

    The events `ranking`, `evidence`, `explanation` and `done`, or `error` where it breaks off. No character that was
    not checked is sent, unless a key of the scope admin asks for `drafts`, which say that they are not.
    """
    require_limits(asked, service.config.limits)
    notes = notes_of(request.scope)
    if asked.drafts and "admin" not in caller.scopes:
        raise ApiError(403, "drafts are for keys of the scope admin", param="drafts", code="no_scope")

    def work(deadline: Deadline) -> Iterator[Event]:
        wanted, read = request_of(service, asked, caller)
        receipt = Receipt(service=service, caller=caller, asked=asked, request=wanted, read=read, notes=notes)
        events = service.recommender.stream(wanted, cancel=deadline)
        ranking = cast(Ranking, next(events))  # it comes before what is said of it
        answer = receipt.keep(ranking)
        yield RankingEvent(ranking=answer)
        try:
            for event in events:
                if isinstance(event, Ranking):
                    ranking = event
                    continue
                if isinstance(event, Explained):
                    ranking = with_reason(ranking, event)
                if asked.drafts or not isinstance(event, Drafted):
                    yield _event(event, answer)
        finally:  # what was said stands on the receipt, whether or not the reader waits for the rest
            answer = receipt.keep(ranking)
        yield DoneEvent(ranking_id=answer.ranking_id, degraded=answer.degraded, timings_ms=answer.timings_ms)

    events = await streamed(request, service, asked.deadline_ms, work)
    return _Stream(_sent(events, notes), send_timeout=service.config.limits.reading_seconds)


class _Stream(EventSourceResponse):
    """Is left unfinished for who does not read it: the server closes the connection, and nothing has failed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One answer."""
        try:
            await super().__call__(scope, receive, send)
        except* SendTimeoutError:
            notes_of(scope).error = "not_read"


def _event(event: ReasonEvent, answer: RecommendOut) -> Event:
    item_id = answer.items[event.place].item_id
    if isinstance(event, Found):
        evidence, against = evidence_out(event.evidence), evidence_out(event.against)
        return EvidenceEvent(item_id=item_id, evidence=evidence, against=against)
    if isinstance(event, Drafted):
        return DraftEvent(item_id=item_id, attempt=event.attempt, text=event.text)
    return ExplanationEvent(item_id=item_id, explanation=explanation_out(event.explanation))


async def _sent(events: AsyncGenerator[Event, None], notes: Notes) -> AsyncIterator[ServerSentEvent]:
    """As they go over the wire; what fails after the first one has no status any more, and is an event too."""
    try:
        async with aclosing(events):
            async for event in events:
                yield ServerSentEvent(event.model_dump_json(exclude={"event"}), event=event.event)
    except Exception as err:
        failed = ErrorEvent(error=about(api_error(err)))
        notes.error = failed.error.code
        yield ServerSentEvent(failed.model_dump_json(exclude={"event"}), event=failed.event)
