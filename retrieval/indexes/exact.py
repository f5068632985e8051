"""The stand-in index: one matrix, one product, nothing approximate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.files import read_arrays, read_json, unreadable, write_arrays, write_json
from retrieval.indexes.base import Neighbours, check_present, check_queries, newest

_IDS = "index-ids.json"
_VECTORS = "index-vectors.npz"


class ExactIndex:
    """Right for a few thousand items and for tests; equal scores come in the order items were added."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._vectors)

    def add(self, item_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds items, or gives items that are there a new vector."""
        self._vectors |= newest(item_ids, vectors, self._dimension)

    def remove(self, item_ids: Sequence[str]) -> None:
        """Removes items, all or none."""
        check_present(item_ids, self._vectors)
        for item_id in set(item_ids):
            del self._vectors[item_id]

    def search(self, queries: NDArray[np.float32], top_n: int) -> tuple[Neighbours, ...]:
        """The nearest items of each query."""
        check_queries(queries)
        scores = queries @ self._matrix().T
        best = np.argsort(-scores, axis=1, kind="stable")[:, : max(top_n, 0)]
        ids = tuple(self._vectors)
        return tuple(
            tuple((ids[place], float(row[place])) for place in places) for row, places in zip(scores, best, strict=True)
        )

    def save(self, folder: Path) -> None:
        """Writes the vectors, then their ids."""
        write_arrays(folder / _VECTORS, {"vectors": self._matrix()})
        write_json(folder / _IDS, list(self._vectors))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote; raises BuildError where it is incomplete or damaged."""
        item_ids, vectors = read_json(folder / _IDS), read_arrays(folder / _VECTORS)["vectors"]
        if len(item_ids) != len(vectors):
            raise unreadable(folder / _VECTORS)
        index = cls(vectors.shape[1])
        index.add(item_ids, vectors)
        return index

    def _matrix(self) -> NDArray[np.float32]:
        return np.array(list(self._vectors.values()), dtype=np.float32).reshape(len(self), self._dimension)
