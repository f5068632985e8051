"""Files of examples: which users go into which, and how the rows are written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from finetune.examples import NUMBER, NUMBERS, TAUGHT, Example
from retrieval.catalogue import Catalogue
from retrieval.files import write_whole


def shards(rows: Mapping[str, int], most: int) -> Iterator[tuple[str, ...]]:
    """Users in their order, whole, in groups of `most` rows or fewer; a user who has more is alone."""
    group: list[str] = []
    filled = 0
    for user_id, count in rows.items():
        if group and filled + count > most:
            yield tuple(group)
            group, filled = [], 0
        group.append(user_id)
        filled += count
    if group:
        yield tuple(group)


def write_examples(path: Path, examples: Sequence[Example]) -> None:
    """Writes one file, whole or not at all; the same rows give the same bytes."""
    columns: dict[str, Any] = {"user_id": _text(example.user_id for example in examples)}
    for name in NUMBERS:
        columns[name] = pa.array([getattr(example, name) for example in examples], pa.list_(pa.int32()))
    for name in NUMBER:
        columns[name] = pa.array([getattr(example, name) for example in examples], pa.int32())
    if any(example.taught for example in examples):
        columns[TAUGHT] = pa.array([example.taught for example in examples], pa.list_(pa.float32()))
    write_whole(path, lambda part: pq.write_table(pa.table(columns), part))


def write_items(path: Path, catalogue: Catalogue) -> None:
    """Writes what the numbers stand for."""
    table = pa.table(
        {"item_id": _text(item.item_id for item in catalogue), "title": _text(item.title for item in catalogue)}
    )
    write_whole(path, lambda part: pq.write_table(table, part))


def count_rows(path: Path) -> int:
    """The rows of a file of examples."""
    return int(pq.read_metadata(path).num_rows)


def rows_left(path: Path) -> int | None:
    """The rows of what an earlier run left; None of no file, or of one that a power failure cut short."""
    try:
        return count_rows(path)
    except (OSError, pa.ArrowException):
        return None


def _text(texts: Iterable[str]) -> Any:
    """Text as Parquet has it: a lone surrogate, which is no character, is spelt out."""
    return pa.array([text.encode("utf-8", "backslashreplace").decode() for text in texts], pa.string())
