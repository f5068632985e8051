"""One line an event: JSON for a collector, text where a terminal is attached.

Whoever logs does it with Python's own `logging`, libraries included, and what they say comes out here.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from retrieval.errors import LlmRerankError

_TOLD: Final = ("llm_rerank", "retrieval", "uvicorn")
"""Who says what they do; others say what is wrong."""
_SECRETS: Final = (
    (re.compile(r"\b(llmrr_[0-9a-f]+_)[\w-]+"), r"\1***"),  # keys
    (re.compile(r"(://[^/\s:@\"]+:)[^@\s\"]+@"), r"\1***@"),  # passwords in addresses
)


def set_up_logging(out: TextIO) -> None:
    """Has all that is logged in this process come out so. Called again, it also reaches what was imported meanwhile."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            for own in logger.handlers[:]:  # libraries that write for themselves would write it differently
                logger.removeHandler(own)
                own.close()
            logger.propagate = True
    for name in _TOLD:
        logging.getLogger(name).setLevel(logging.INFO)
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(for_people=out.isatty()))
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def told_in(**context: str) -> AbstractContextManager[None]:
    """Within it every line says this too, whichever thread it comes from."""
    return structlog.contextvars.bound_contextvars(**context)


def _formatter(*, for_people: bool) -> ProcessorFormatter:
    drawn: Processor = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer()
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _traced,
        ],
        processors=[ProcessorFormatter.remove_processors_meta, drawn, _masked],
    )


def _traced(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An error's trace, and of what was said about it the first line: asyncio puts the error's own words below that."""
    event.pop("color_message", None)  # uvicorn's
    failed = event.pop("exc_info", None)
    if failed:
        event["event"] = next(iter(str(event["event"]).splitlines()), "")
        event["exception"] = "".join(_lines(failed[1]))
    return event


def _lines(err: BaseException) -> Iterator[str]:
    """What happened where, the first cause first. What errors say is left out: it may be what somebody sent."""
    before = err.__cause__ or (None if err.__suppress_context__ else err.__context__)
    parts = err.exceptions if isinstance(err, BaseExceptionGroup) else ()
    for other in (*parts, *([before] if before else [])):
        yield from _lines(other)
    yield from traceback.format_tb(err.__traceback__)
    yield f"{type(err).__qualname__}{_own_words(err)}\n"


def _own_words(err: BaseException) -> str:
    """Ours name what was wrong apart from its value; the system's are the system's."""
    match err:
        case LlmRerankError():
            return f": {err.problem}"
        case OSError(strerror=str(said)):
            return f": {said}"
        case _:
            return ""


def _masked(_: WrappedLogger, __: str, line: Any) -> str:
    """A last look: no secret leaves, whoever logged it."""
    for secret, shown in _SECRETS:
        line = secret.sub(shown, line)
    return str(line)
