"""Files that are either whole or absent, and arrays that cannot carry code."""

import json
import zlib
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BuildError

Arrays = dict[str, NDArray[Any]]
"""What a fitted model has learnt, by name."""

DAMAGES: Final = (OSError, EOFError, ValueError, BadZipFile, zlib.error)
"""What reading a file raises that is missing, cut short or damaged; gzip's own error for flipped bits is zlib's."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a file beside `path` and renames it: whoever finds `path` finds all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    write(unfinished)
    unfinished.replace(path)


def write_json(path: Path, value: object) -> None:
    """Writes `value` as ASCII JSON, so that any string survives, lone surrogates too."""
    write_whole(path, lambda part: part.write_text(json.dumps(value, indent=1), encoding="ascii"))


def read_json(path: Path) -> Any:
    """What write_json wrote; raises BuildError for a file that is absent or not JSON."""
    try:
        return json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as err:
        raise unreadable(path) from err


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Writes arrays of numbers as .npz."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_whole(path, write)


def read_arrays(path: Path, *, remade: bool = False) -> Arrays:
    """What write_arrays wrote; raises BuildError for a file that is absent, cut short or carries objects.

    `remade`: whoever needs the file makes it where it is absent, which the error's remedy then says.
    """
    try:
        # opened here: np.load leaves a file that is no zip open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except DAMAGES as err:
        raise unreadable(path, remade=remade) from err


def checksum(path: Path) -> str:
    """The file's sha256."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def unreadable(path: Path, *, remade: bool = False) -> BuildError:
    """The error for a file that cannot be read: one of a build, or one that is `remade` where it is absent."""
    anew = "Make the folder again: a build with --overwrite, a training in a new folder."
    return BuildError(
        f"{path.name} is missing, cut short or damaged",  # a long path is shown without its end
        field="file",
        value=str(path),
        remedy=f"Delete {path} and run the same again." if remade else anew,
    )
