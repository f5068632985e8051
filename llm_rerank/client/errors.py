"""What a client raises, as one tree.

LlmRerankError
├── ConfigError                     no address or no key, or one that cannot be (retrieval/errors.py)
└── ServiceError                    a call that brought no answer
    ├── InvalidRequestError         what was asked cannot be: 400, 408, 413, 422, or found before it was sent
    ├── AuthenticationError         no valid key: 401
    ├── PermissionDeniedError       the key has not this scope: 403
    ├── NotFoundError               no such ranking, item or path: 404
    ├── RateLimitError              too much at once, or of this key: 429
    ├── UnavailableError            the service cannot answer now: 5xx
    │   ├── UnreachableError        nobody answered at this address
    │   └── TimedOutError           nobody answered in time (also a TimeoutError)
    └── UnreadableAnswerError       what answered is not this service
"""

from retrieval.errors import LlmRerankError


class ServiceError(LlmRerankError):
    """A call that brought no answer. What the service said of it is here; None: it did not say."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,  # noqa: A002 - as the service calls it
        param: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.type = type
        self.param = param
        """The argument, or the header, that it is about."""
        self.code = code
        """For programs: unknown_item, rate_limited, ..."""
        self.request_id = request_id
        """By which the service's log has it."""
        self.retry_after = retry_after
        """Seconds after which it is worth asking again."""
        super().__init__(message, field=param or "")

    def _message(self) -> str:
        request = f"request {self.request_id}" if self.request_id else None
        about = ", ".join(str(part) for part in (self.status, self.code, request) if part)
        return f"{self.message} [{about}]" if about else self.message


class InvalidRequestError(ServiceError):
    """What was asked cannot be; `status` is None where that was found before it was sent."""


class AuthenticationError(ServiceError):
    """The service does not know this key."""


class PermissionDeniedError(ServiceError):
    """The key has not the scope that the call needs."""


class NotFoundError(ServiceError):
    """There is no such thing."""


class RateLimitError(ServiceError):
    """Too much is asked of the service, or with this key; `retry_after` says when to come again."""


class UnavailableError(ServiceError):
    """The service cannot answer now."""


class UnreachableError(UnavailableError):
    """Nobody answered at this address."""


class TimedOutError(UnavailableError, TimeoutError):
    """Nobody answered in time. Whether the service did what was asked is not known; asked again it counts once."""


class UnreadableAnswerError(ServiceError):
    """What answered is not this service, or a version of it that says other things."""
