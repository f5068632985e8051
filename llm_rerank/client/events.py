"""From server-sent events to what they tell, or to an error of ours."""

from collections.abc import Mapping
from typing import Final

import httpx2
from pydantic import ValidationError

from llm_rerank.client.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    UnavailableError,
)
from llm_rerank.client.translation import unreadable
from llm_rerank.wire.explanations import (
    DoneEvent,
    DraftEvent,
    ErrorEvent,
    EvidenceEvent,
    ExplanationEvent,
    RankingEvent,
)

Told = RankingEvent | EvidenceEvent | DraftEvent | ExplanationEvent | DoneEvent

_KINDS: Final[Mapping[str, type[Told | ErrorEvent]]] = {
    "ranking": RankingEvent,
    "evidence": EvidenceEvent,
    "draft": DraftEvent,
    "explanation": ExplanationEvent,
    "done": DoneEvent,
    "error": ErrorEvent,
}
_BY_TYPE: Final[Mapping[str, type[ServiceError]]] = {
    "invalid_request_error": InvalidRequestError,
    "request_too_large": InvalidRequestError,
    "authentication_error": AuthenticationError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "rate_limit_error": RateLimitError,
}


def told(sent: httpx2.ServerSentEvent, reply: httpx2.Response) -> Told | None:
    """What it tells; None: an event of a newer service. Raises ServiceError for one that says that it broke off."""
    kind = _KINDS.get(sent.event)
    if kind is None:
        return None
    try:
        event = kind.model_validate_json(sent.data)
    except ValidationError as err:
        raise unreadable(err, reply.status_code) from err
    if isinstance(event, ErrorEvent):
        raise _error_of(event, reply)
    return event


def _error_of(event: ErrorEvent, reply: httpx2.Response) -> ServiceError:
    """There is no status any more: the answer had begun with that of success."""
    kind = _BY_TYPE.get(event.error.type, UnavailableError)
    return kind(**event.error.model_dump(), request_id=reply.headers.get("X-Request-ID"))
