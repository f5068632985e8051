"""From what pydantic refuses, and what comes back over HTTP or does not, to answers and errors of ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from llm_rerank.client.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
)
from llm_rerank.wire.errors import ErrorOut

Answer = TypeVar("Answer", bound=BaseModel)

_BY_STATUS: Final[Mapping[int, type[ServiceError]]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: PermissionDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}


def answer_of(reply: httpx2.Response, kind: type[Answer]) -> Answer:
    """The reply's body."""
    try:
        return kind.model_validate_json(reply.content)
    except ValidationError as err:
        raise (error_of(reply) if reply.is_error else unreadable(err, reply.status_code)) from err


def unreadable(err: Exception, status: int | None = None) -> UnreadableAnswerError:
    """Of what comes from something else."""
    why = _first(err) if isinstance(err, ValidationError) else err
    return UnreadableAnswerError(f"what answered does not speak as llm-rerank does ({why})", status=status)


def error_of(reply: httpx2.Response) -> ServiceError:
    """What a reply that is no answer says; where something before the service wrote it, its status alone."""
    said = {"message": reply.reason_phrase or "no reason was given"}
    with suppress(ValidationError):
        said = ErrorOut.model_validate_json(reply.content).error.model_dump()
    return _kind(reply)(
        **said,
        status=reply.status_code,
        request_id=reply.headers.get("X-Request-ID"),
        retry_after=_seconds(reply.headers.get("Retry-After", "")),
    )


@contextmanager
def checked() -> Iterator[None]:
    """What the service would refuse is refused here."""
    try:
        yield
    except ValidationError as err:
        raise InvalidRequestError(_first(err), param=_where(err) or None) from err


@contextmanager
def translated() -> Iterator[None]:
    """What goes wrong on the way there or back becomes an error of ours."""
    try:
        yield
    except httpx2.ConnectTimeout as err:
        raise UnreachableError("the service could not be connected to in time") from err
    except httpx2.TimeoutException as err:
        raise TimedOutError("the service did not answer in time") from err
    except httpx2.RequestError as err:
        raise UnreachableError(f"the service could not be reached: {err or type(err).__name__}") from err


@contextmanager
def unbroken() -> Iterator[None]:
    """Likewise, where the answer had begun."""
    try:
        yield
    except httpx2.TimeoutException as err:
        raise TimedOutError("the service did not go on in time") from err
    except httpx2.SSEError as err:
        raise unreadable(err) from err
    except httpx2.RequestError as err:
        raise UnavailableError(f"the answer broke off: {err or type(err).__name__}") from err


def _kind(reply: httpx2.Response) -> type[ServiceError]:
    if reply.is_server_error:
        return UnavailableError
    return _BY_STATUS.get(reply.status_code, InvalidRequestError if reply.is_client_error else UnreadableAnswerError)


def _seconds(retry_after: str) -> float | None:
    """Of a number, or of a date."""
    with suppress(ValueError):
        return max(0.0, float(retry_after))
    with suppress(ValueError, TypeError):  # a date without a time zone
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    return None


def _first(err: ValidationError) -> str:
    first, *others = err.errors()
    more = f" ({len(others)} more)" if others else ""
    return f"{_where(err)}: {first['msg']}{more}".removeprefix(": ")


def _where(err: ValidationError) -> str:
    return ".".join(str(part) for part in err.errors()[0]["loc"])
