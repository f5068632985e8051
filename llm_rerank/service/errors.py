"""Every error as one envelope: {"error": {message, type, param, code}}."""

from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from logging import getLogger
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_rerank.service.notes import notes_of
from llm_rerank.wire.errors import AboutError, ErrorOut
from retrieval.errors import (
    ConfigError,
    EngineError,
    LlmRerankError,
    MissingExtraError,
    ModelError,
    RecordError,
    UnknownItemError,
    UnknownUserError,
)
from retrieval.store.errors import StoreError

_STATUS: Final[Mapping[type[LlmRerankError], HTTPStatus]] = {
    UnknownItemError: HTTPStatus.NOT_FOUND,
    UnknownUserError: HTTPStatus.NOT_FOUND,
    RecordError: HTTPStatus.BAD_REQUEST,
    ConfigError: HTTPStatus.BAD_REQUEST,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "request_timeout_error",
    409: "invalid_request_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "unavailable_error",
}

_SOON: Final = {"Retry-After": "1"}
_LONGEST_PARAM: Final = 200  # an unknown field's name is the caller's
_LOG: Final = getLogger(__name__)


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code, self.headers = status, message, param, code, headers


def error_response(scope: MutableMapping[str, Any], err: ApiError) -> JSONResponse:
    """The envelope, for the request of this scope."""
    notes_of(scope).error = err.code
    envelope = ErrorOut(error=about(err)).model_dump()
    return JSONResponse(envelope, status_code=err.status, headers=dict(err.headers or {}))


def api_error(err: Exception) -> ApiError:
    """What a caller is told of it; the log is told of what should not happen."""
    if isinstance(err, ApiError):
        return err
    if isinstance(err, ModelError | MissingExtraError):  # which model, and where it should be, is not the caller's
        _LOG.error("a model is missing: %s", err)
        return ApiError(503, "a model that this needs is missing here", code="model", headers=_SOON)
    status = next((found for kind, found in _STATUS.items() if isinstance(err, kind)), None)
    if status is None or not isinstance(err, LlmRerankError):
        _LOG.error("a request failed", exc_info=err)
        return ApiError(500, "something failed here; the log says what", code="internal")
    if isinstance(err, StoreError):
        return ApiError(status, f"{database_away(err)}; ask again", code=_code(err), headers=_SOON)
    headers = _SOON if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return ApiError(status, str(err), param=err.field or None, code=_code(err), headers=headers)


def database_away(err: StoreError) -> str:
    """All that callers are told of it: what it says names machines and files, and is the log's to know."""
    _LOG.warning("the database does not answer: %s", err.problem)
    return "the database does not answer"


def about(err: ApiError) -> AboutError:
    """The error as the envelope has it."""
    kind = _TYPES.get(err.status, "internal_error")
    return AboutError(message=err.message, type=kind, param=err.param, code=err.code)


def handle_errors(app: FastAPI) -> None:
    """Has every error that is foreseen answered so."""

    @app.exception_handler(ApiError)
    @app.exception_handler(LlmRerankError)
    async def _(request: Request, err: Exception) -> JSONResponse:
        return error_response(request.scope, api_error(err))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, err: RequestValidationError) -> JSONResponse:
        first, *others = err.errors()
        if first["type"] == "json_invalid":
            wrong = f"the body is no JSON: {first['ctx']['error']} at character {first['loc'][-1]}"
            return error_response(request.scope, ApiError(400, wrong, code="no_json"))
        more = f" ({len(others)} more)" if others else ""
        where = ".".join(str(part) for part in first["loc"] if part != "body")[:_LONGEST_PARAM]
        problem = first["msg"].removeprefix("Value error, ") + more
        invalid = ApiError(422, f"{where}: {problem}" if where else problem, param=where or None, code="invalid")
        return error_response(request.scope, invalid)

    @app.exception_handler(HTTPException)
    async def _(request: Request, err: HTTPException) -> JSONResponse:
        code = {400: "no_json", 404: "no_such_path", 405: "no_such_method"}.get(err.status_code, "refused")
        headers = {"Allow": _allowed(request)} if err.status_code == HTTPStatus.METHOD_NOT_ALLOWED else err.headers
        return error_response(request.scope, ApiError(err.status_code, str(err.detail), code=code, headers=headers))


class Unforeseen:
    """An error that nobody foresaw is answered too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        begun = scope["type"] != "http"

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as err:
            if begun:  # too late for another answer: the server breaks off
                raise
            await error_response(scope, api_error(err))(scope, receive, send)


def _allowed(request: Request) -> str:
    """Of every route with this path; Starlette names those of the first."""
    there = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in there for method in getattr(route, "methods", None) or ()}))


def _code(err: LlmRerankError) -> str:
    """UnknownItemError: unknown_item."""
    words = ("_" + letter.lower() if letter.isupper() else letter for letter in type(err).__name__)
    return "".join(words).removeprefix("_").removesuffix("_error")
