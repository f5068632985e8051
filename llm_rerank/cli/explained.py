"""How a program ends that cannot go on: with one line that a person can act on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from llm_rerank.tokenizer import one_line
from retrieval.errors import LlmRerankError


@contextmanager
def explained(program: str) -> Iterator[None]:
    """Ends the program with exit code 1, and in a line says why, for what we can explain and for a full disk."""
    try:
        yield
    except LlmRerankError as err:
        _end(program, str(err))
    except BrokenPipeError:
        raise  # typer's business: the reader has gone
    except OSError as err:  # a place that is not writable, a full disk
        why = f"{err.filename or 'a file'}: {err.strerror or err}"
        _end(program, f"{why}. Check that it exists, is writable and has room.")


def _end(program: str, why: str) -> NoReturn:
    print(f"{program}: {one_line(why)}", file=sys.stderr)
    sys.exit(1)
