"""Text files read line by line, plain or gzip, so that the size of a file does not matter."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich import progress
from rich.console import Console

from retrieval.errors import DatasetError

_GZIP_MAGIC: Final = b"\x1f\x8b"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of every line that is not blank. Shows its progress where somebody is watching.

    Raises DatasetError, naming file and line, for a file that is missing, cut off, damaged, or not UTF-8.
    """
    number = 0
    try:
        for number, line in enumerate(_raw_lines(path), start=1):
            if text := line.decode("utf-8-sig" if number == 1 else "utf-8").strip():
                yield number, text
    except (EOFError, zlib.error, gzip.BadGzipFile) as err:
        raise broken_line(path, number + 1, f"the file is cut off or damaged ({err})") from err
    except UnicodeDecodeError as err:
        raise broken_line(path, number, f"this is not UTF-8 ({err.reason})") from err
    except OSError as err:
        raise DatasetError(
            f"the file cannot be read ({err.strerror})", field="path", value=str(path), remedy="Check the path."
        ) from err


def broken_line(path: Path, line: int, problem: str) -> DatasetError:
    """The error for one line of a file."""
    return DatasetError(
        f"line {line:,}: {problem}", field="path", value=str(path), remedy="Get the file again, or correct the line."
    )


def _raw_lines(path: Path) -> Iterator[bytes]:
    console = Console(stderr=True)
    shown = progress.open(
        path, "rb", description=path.name, console=console, transient=True, disable=not console.is_terminal
    )
    with shown as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        yield from gzip.GzipFile(fileobj=file) if packed else file
