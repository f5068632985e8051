"""What only a benchmark asks: chance, and the rankings that another program left in a file."""

import gzip
import json
from collections.abc import Collection
from pathlib import Path
from zlib import crc32

import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.files import DAMAGES
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.candidates import best_candidates


class RandomRetriever:
    """Any order, the same for a user each time it is asked."""

    name = "random"

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue = catalogue
        self._seed = seed

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """Random items with random scores."""
        scores = chance_of(history, self._seed).random(len(self._catalogue))
        return best_candidates(self._catalogue, self.name, scores, top_n, exclude)


def chance_of(history: UserHistory, seed: int) -> np.random.Generator:
    """A user's own, the same each time."""
    return np.random.default_rng([seed, crc32(history.user_id.encode("utf-8", "surrogatepass"))])


class FiledRetriever:
    """Answers what a file says; raises DatasetError for a user that it does not mention."""

    name = "rankings-file"

    def __init__(self, catalogue: Catalogue, path: Path) -> None:
        self._catalogue = catalogue
        self._path = path
        self._rankings = dict(_read(path))

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The file's items for this user, in its order; the score is minus the rank."""
        if history.user_id not in self._rankings:
            raise self._error("the file ranks nothing for this user", "user_id", history.user_id)
        ranked = dict.fromkeys(self._rankings[history.user_id])
        if unknown := [item_id for item_id in ranked if item_id not in self._catalogue]:
            raise self._error("the file ranks an item that the catalogue does not hold", "item_id", unknown[0])
        best = [item_id for item_id in ranked if item_id not in exclude][:top_n]
        return tuple(
            Candidate(item=self._catalogue[item_id], score=-float(rank), source=self.name, rank=rank)
            for rank, item_id in enumerate(best, start=1)
        )

    def _error(self, problem: str, field: str, value: str) -> DatasetError:
        return DatasetError(problem, field=field, value=value, remedy=f"Make {self._path} again from this benchmark.")


def _read(path: Path) -> list[tuple[str, list[str]]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [(row["user_id"], [str(item_id) for item_id in row["item_ids"]]) for row in rows]
    except (*DAMAGES, KeyError, TypeError) as err:
        raise DatasetError(
            f"the file cannot be read ({err})",
            field="path",
            value=str(path),
            remedy='It holds JSON lines: {"user_id": "...", "item_ids": ["best", ...]}.',
        ) from err
