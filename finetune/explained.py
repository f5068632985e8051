"""How a job ends that cannot go on: with one line that a person can act on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from llm_rerank.tokenizer import one_line
from retrieval.errors import LlmRerankError


@contextmanager
def explained(program: str) -> Iterator[None]:
    """Ends the program with exit code 1, and in a line says why, for what we can explain and for a full disk."""
    try:
        yield
    except LlmRerankError as err:
        sys.exit(f"{program}: {err}")
    except OSError as err:  # a place that is not writable, a full disk
        place = one_line(str(err.filename or "a file"))
        why = err.strerror or one_line(str(err))
        sys.exit(f"{program}: {place}: {why}. Check that it exists, is writable and has room.")
