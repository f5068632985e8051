"""How every error is answered."""

from llm_rerank.wire.base import Answered


class AboutError(Answered):
    """What is wrong, for a person and for a program."""

    message: str
    type: str
    param: str | None = None
    """The field of the request, or the header, that it is about."""
    code: str


class ErrorOut(Answered):
    """The envelope."""

    error: AboutError
