"""The index seam: item vectors in, the nearest items out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Neighbours = tuple[tuple[str, float], ...]
"""Item ids with their inner product, best first."""


class VectorIndex(Protocol):
    """Nearest neighbours by inner product over item vectors that may come, change and go."""

    def __len__(self) -> int: ...

    def add(self, item_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds items; an id that is already there gets the new vector. `vectors`: (len(item_ids), dimension)."""
        ...

    def remove(self, item_ids: Sequence[str]) -> None:
        """Removes items; raises UnknownItemError, removing none, when an id is not there."""
        ...

    def search(self, queries: NDArray[np.float32], top_n: int) -> tuple[Neighbours, ...]:
        """For each row of `queries` (q, dimension) the `top_n` nearest items, fewer when the index holds fewer."""
        ...

    def save(self, folder: Path) -> None:
        """Writes the index into `folder`; its `load` counterpart is a class method of each implementation."""
        ...
