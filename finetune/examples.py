"""Training examples as they are read: one moment of a user, what came next, and what did not.

Written by `finetune.build_examples`. Reading brings no retriever: it is done where the training is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.records import Item

FORMAT: Final = 2
MANIFEST: Final = "manifest.json"
ITEMS: Final = "items.parquet"
NUMBERS: Final = ("history", "times", "hits", "popular", "random")
"""The columns that hold a list of item numbers, or of counts."""

NUMBER: Final = ("target", "rank")
"""Those that hold one."""

TAUGHT: Final = "taught"
"""That of log-odds, in the files to train on of a folder whose manifest names `TEACHERS`."""

TEACHERS: Final = "teachers"

Part = Literal["train", "validation"]
PARTS: Final[tuple[Part, ...]] = ("train", "validation")


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One row. Items are numbers, rows of items.parquet."""

    user_id: str
    history: tuple[int, ...]
    """Distinct items by their latest interaction, oldest first."""

    times: tuple[int, ...]
    """How often the user had taken each of the history."""

    target: int
    """What came next."""

    rank: int
    """Where retrieval placed it, from 1, among as many as there are hits; 0: not among them."""

    hits: tuple[int, ...]
    """Negatives that retrievers rank highest, best first."""

    popular: tuple[int, ...]
    """Negatives drawn by popularity."""

    random: tuple[int, ...]
    """Negatives drawn from the whole catalogue."""

    taught: tuple[float, ...] = ()
    """A teacher's log-odds of the target and of each of the negatives; none where no teacher was asked."""

    @property
    def negatives(self) -> tuple[int, ...]:
        """Those of all kinds: hits, popular, random."""
        return (*self.hits, *self.popular, *self.random)


class ExampleFolder:
    """A finished folder of examples, a file at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises DatasetError for a folder that is unfinished, and for a manifest that is damaged."""
        self.folder = folder
        manifest = read_manifest(folder)
        try:
            self.made_from = str(manifest["made_from"])
            """Changes with anything the examples depend on."""
            self.history_items = int(manifest["history_items"])
            """How many distinct items of a history an example holds at most."""
            self.taught = TEACHERS in manifest
            """Whether a teacher has scored those to train on."""
            self._shards: dict[Part, tuple[str, ...]] = {part: tuple(manifest["shards"][part]) for part in PARTS}
            self._rows = {shard: int(manifest["rows"][shard]) for part in PARTS for shard in self._shards[part]}
        except (LookupError, TypeError, ValueError) as err:
            raise _damaged(folder / MANIFEST, "damaged") from err

    def rows(self, part: Part) -> int:
        """How many examples there are."""
        return sum(self._rows[shard] for shard in self._shards[part])

    def require_histories(self, history_items: int) -> None:
        """Raises DatasetError where a prompt would show longer histories than these examples hold."""
        if history_items > self.history_items:
            raise DatasetError(
                f"{self.folder} holds {self.history_items} items of a history, fewer than the prompt is to show",
                field="prompt.history_items",
                value=history_items,
                remedy="Lower it, or make examples of longer histories.",
            )

    def rows_per_user(self, part: Part, *, retrieved: bool) -> Mapping[str, int]:
        """How many examples each user has, or of whose target retrieval had thought too; reads two columns."""
        users = Counter[str]()
        for shard in self._shards[part]:
            table = _table(self.folder / shard, ["user_id", "rank"])
            pairs = zip(table["user_id"].to_pylist(), table["rank"].to_pylist(), strict=True)
            users.update(user_id for user_id, rank in pairs if rank or not retrieved)
        return users

    def ranks(self, part: Part) -> Iterator[int]:
        """Where retrieval had placed each target, 0 for one that it had not thought of; reads one column."""
        for shard in self._shards[part]:
            yield from _table(self.folder / shard, ["rank"])["rank"].to_pylist()

    def shards(self, part: Part) -> tuple[str, ...]:
        """The names of the files, in order: users mixed, one user's rows together and oldest first."""
        return self._shards[part]

    @cached_property
    def catalogue(self) -> Catalogue:
        """Every item by id and title: all that a prompt shows."""
        return Catalogue(Item(item_id=item, title=title) for item, title in zip(*read_items(self.folder), strict=True))

    def read(self, shard: str) -> list[Example]:
        """The examples of one file; raises DatasetError for one that is missing, cut short or has lost rows."""
        _check_whole(self.folder / shard, self._rows[shard])
        return list(self._examples(shard))

    def all(self, part: Part) -> Iterator[Example]:
        """Those of all files, which are checked before the first is read."""
        for shard in self._shards[part]:
            _check_whole(self.folder / shard, self._rows[shard])
        return (example for shard in self._shards[part] for example in self._examples(shard))

    def drawn(self, part: Part, count: int, rng: np.random.Generator, *, field: str) -> Iterator[Example]:
        """So many of all of them, in their order; raises DatasetError, which names the setting `field`, for more."""
        rows = self.rows(part)
        if rows < count:
            raise DatasetError(
                f"the examples hold {rows:,} lists to train on",
                field=field,
                value=count,
                remedy="Ask for fewer, or make more examples.",
            )
        drawn = set(rng.choice(rows, count, replace=False).tolist())
        return (example for number, example in enumerate(self.all(part)) if number in drawn)

    def _examples(self, shard: str) -> Iterator[Example]:
        columns = [*NUMBERS, TAUGHT] if self.taught and shard in self._shards["train"] else NUMBERS
        return _examples(self.folder / shard, columns)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the folder holds; raises DatasetError where it is unfinished, or of another version."""
    path = folder / MANIFEST
    if not path.exists():
        raise DatasetError(
            "there are no finished examples here",
            field="folder",
            value=str(folder),
            remedy=f"Run `llm-rerank examples` or `teach` with --out {folder} again: it goes on where it stopped.",
        )
    try:
        manifest = json.loads(path.read_text(encoding="ascii"))
        found = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise _damaged(path, "damaged") from err
    if found != FORMAT:
        raise DatasetError(
            f"these examples are of a format that is not {FORMAT}, the one that is read here",
            field="format",
            value=found,
            remedy="Make them again with this version.",
        )
    return dict(manifest)


def read_items(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids and the titles of the catalogue; an item's number is its place."""
    table = _table(folder / ITEMS, ["item_id", "title"])
    return tuple(table["item_id"].to_pylist()), tuple(table["title"].to_pylist())


def _check_whole(path: Path, rows: int) -> None:
    try:
        found = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as err:
        raise _damaged(path, "missing, cut short or damaged") from err
    if found != rows:
        raise _damaged(path, f"of {found:,} rows, and {rows:,} were written")


def _examples(path: Path, lists: Sequence[str]) -> Iterator[Example]:
    table = _table(path, ["user_id", *lists, *NUMBER])
    columns = {"user_id": table["user_id"].to_pylist()}
    columns |= {name: _tuples(table[name]) for name in lists}
    columns |= {name: table[name].to_pylist() for name in NUMBER}
    for row in range(table.num_rows):
        yield Example(**{name: column[row] for name, column in columns.items()})


def _tuples(column: Any) -> list[tuple[Any, ...]]:
    """The lists of a column, without an Arrow object for every number."""
    array = column.combine_chunks()
    bounds, numbers = array.offsets.to_pylist(), array.values.to_numpy().tolist()
    return [tuple(numbers[a:b]) for a, b in pairwise(bounds)]


def _table(path: Path, columns: list[str]) -> Any:
    try:
        table = pq.read_table(path, columns=columns)
    except (OSError, ValueError, pa.ArrowException) as err:
        raise _damaged(path, "missing, cut short or damaged") from err
    if missing := [name for name in columns if name not in table.column_names]:
        raise _damaged(path, f"without {', '.join(missing)}")
    return table


def _damaged(path: Path, what: str) -> DatasetError:
    return DatasetError(
        f"{path.name} is {what}",
        field="file",
        value=str(path),
        remedy="Make the examples again in a new folder, or copy the folder again.",
    )
