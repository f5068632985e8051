"""Whom a job is for: a file of users, read row by row. A row that cannot be used is told apart, with the reason."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BeforeValidator, Field, ValidationError

from llm_rerank.wire.base import Id, Sent
from llm_rerank.wire.interactions import InteractionIn
from retrieval.errors import DatasetError
from retrieval.files import checksum

_LONGEST_LINE: Final = 8_000_000
_LONGEST_HISTORY: Final = 1_000_000
_MOST_ITEMS: Final = 1_000  # as the service has it: they are scored at once
_ROWS_AT_ONCE: Final = 100
_LONGEST_PROBLEM: Final = 500  # an unknown field's name is the file's


def _as_text(number: object) -> object:
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else number


def _as_interaction(done: object) -> object:
    """A table has all fields of a row, and nothing in those that were left out."""
    given = done if isinstance(done, dict) else {"item_id": done}
    return {name: value for name, value in given.items() if value is not None} | {
        "item_id": _as_text(given.get("item_id"))
    }


NumberedId = Annotated[Id, BeforeValidator(_as_text)]
"""Tables often hold ids as integers."""

Done = Annotated[InteractionIn, BeforeValidator(_as_interaction)]
"""An item id alone will do."""


class BatchUser(Sent):
    """One row: whose ranking, and of what."""

    user_id: NumberedId
    history: list[Done] | None = Field(default=None, max_length=_LONGEST_HISTORY)
    """In place of what the shop was built from; the oldest first where there are no times."""
    item_ids: list[NumberedId] | None = Field(default=None, max_length=_MOST_ITEMS)
    """These are ranked, and no others; none: what retrieval proposes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Of the file, `number` counting from 1: a user, or why there is none."""

    number: int
    user: BatchUser | None = None
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """All of them, one by one: a file may be longer than memory.

    Raises DatasetError for a file that is missing, of another kind, damaged, or has a column that nobody reads.
    """
    try:
        match path.suffix.lower():
            case ".parquet":
                yield from _of_table(path)
            case ".jsonl" | ".ndjson":
                with path.open("rb") as file:
                    yield from _of_lines(file)
            case _:
                raise DatasetError(
                    "users come as Parquet or as JSON lines",
                    field="users",
                    value=str(path),
                    remedy="Name the file .parquet or .jsonl, as what it is",
                )
    except (OSError, pa.ArrowException) as err:
        raise _unreadable(path, err) from err


def require_readable(path: Path) -> None:
    """Raises DatasetError where not one row could be read, before anything is begun with it."""
    for _ in read_rows(path):
        return


def fingerprint(path: Path) -> str:
    """Changes with any byte of the file; raises DatasetError where it cannot be read."""
    try:
        return checksum(path)
    except OSError as err:
        raise _unreadable(path, err) from err


def _unreadable(path: Path, err: Exception) -> DatasetError:
    return DatasetError(
        f"the file of users cannot be read ({type(err).__name__})",
        field="users",
        value=str(path),
        remedy="Check that it is there and whole",
    )


def _of_table(path: Path) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        _require_columns(file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            for place in range(len(batch)):
                number += 1
                yield _row(number, partial(_cells, batch.slice(place, 1)))


def _require_columns(names: list[str]) -> None:
    known = list(BatchUser.model_fields)
    wrong = [name for name in names if name not in known or names.count(name) > 1]
    if wrong or "user_id" not in names:
        raise DatasetError(
            f"the columns are {', '.join(known)}, each once, and user_id must be there",
            field="users",
            value=wrong[0] if wrong else ", ".join(names),
            remedy="Rename columns, or leave them out",
        )


def _cells(one: pa.RecordBatch) -> BatchUser:
    """Of a batch of one row: of many, long histories would be too much at once, and one bad cell would harm all."""
    return BatchUser.model_validate(one.to_pylist()[0])


def _of_lines(file: BinaryIO) -> Iterator[Row]:
    for number, line in enumerate(iter(lambda: _line(file), b""), start=1):
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        if len(line) > _LONGEST_LINE:
            yield Row(number=number, problem=f"the line is longer than {_LONGEST_LINE:,} bytes")
        elif line.strip():
            yield _row(number, partial(BatchUser.model_validate_json, line.strip()))


def _line(file: BinaryIO) -> bytes:
    """The next one, with its end; of one that is too long no more than tells that it is."""
    line = more = file.readline(_LONGEST_LINE + 1)
    while len(line) > _LONGEST_LINE and more and not more.endswith(b"\n"):
        more = file.readline(_LONGEST_LINE)
    return line


def _row(number: int, read: Callable[[], BatchUser]) -> Row:
    try:
        return Row(number=number, user=read())
    except ValidationError as err:
        first, *others = err.errors(include_url=False, include_input=False)
        where = ".".join(map(str, first["loc"]))
        more = f" ({len(others)} more)" if others else ""
        return Row(number=number, problem=f"{f'{where}: ' if where else ''}{first['msg']}{more}"[:_LONGEST_PROBLEM])
    except (ValueError, OverflowError) as err:  # of a table: bytes that are no text, a moment in no year
        return Row(number=number, problem=f"a cell cannot be read ({err})"[:_LONGEST_PROBLEM])
