"""Rows of which nothing comes, and why: a file of them, for whoever made the users' file."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from retrieval.files import write_whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """One row, by its number in the file."""

    row: int
    user_id: str | None
    """None where the row could not be read."""
    reason: str


def as_line(reject: Reject) -> str:
    """JSON, in ASCII: whatever an id holds."""
    return f"{json.dumps(asdict(reject))}\n"


def write_rejects(path: Path, rejects: Iterable[Reject]) -> None:
    """Whole or not at all."""

    def write(part: Path) -> None:
        with part.open("w", encoding="ascii") as file:
            file.writelines(map(as_line, rejects))

    write_whole(path, write)


def read_rejects(path: Path) -> Iterator[Reject]:
    """Line by line."""
    with path.open(encoding="ascii") as file:
        for line in file:
            yield Reject(**json.loads(line))


def join_rejects(path: Path, parts: Iterable[Path]) -> int:
    """Writes what stands in `parts` as one file, and says how many rows that are."""
    count = 0

    def write(part: Path) -> None:
        nonlocal count
        with part.open("wb") as file:
            for one in parts:
                with one.open("rb") as lines:
                    for line in lines:
                        file.write(line)
                        count += 1

    write_whole(path, write)
    return count
