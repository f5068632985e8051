"""One process at a time in a folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from retrieval.errors import BuildError

LOCK: Final = ".lock"
"""The file in the folder that is locked; it stays."""


@contextmanager
def alone(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Makes the folder if need be. Where another process is at work in it: raises BuildError, or `wait`s for it.

    However a process ends, it lets go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as err:
            raise BuildError(
                "another process is at work in this folder",
                field="out",
                value=str(folder),
                remedy="Wait for it, or give another folder.",
            ) from err
        yield
