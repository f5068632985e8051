"""What the OpenAPI document says of refusals: each route names those of its own, all have those of the door."""

from collections.abc import Mapping
from typing import Any, Final

from llm_rerank.wire.errors import ErrorOut

_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}}
_SCHEME: Final = {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}}
_RESPONSES: Final[Mapping[int, Mapping[str, Any]]] = {
    400: {"description": "What is asked cannot be done, or is no JSON."},
    401: {"description": "No key that is known.", "headers": _SCHEME},
    403: {"description": "The key lacks the scope."},
    404: {"description": "What is named is not there, or another tenant's."},
    408: {"description": "The body did not come in time."},
    409: {"description": "It cannot be done with what is there."},
    413: {"description": "The body is too long."},
    422: {"description": "A field is missing, unknown or out of bounds."},
    429: {"description": "The key asks too often, or too many wait.", "headers": _RETRY_AFTER},
    503: {"description": "The database or the model does not answer.", "headers": _RETRY_AFTER},
}
_OF_THE_DOOR: Final = (400, 401, 403, 408, 413, 422, 429, 503)


def refusals(*others: int) -> dict[int | str, dict[str, Any]]:
    """For a router's `responses`: what a route that asks for a key may refuse with, and these."""
    return {
        status: {"model": ErrorOut, **response}
        for status, response in _RESPONSES.items()
        if status in _OF_THE_DOOR or status in others
    }
