"""The text vectors of a catalogue's items, kept once for items that read the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemVectors:
    """The item in catalogue row i has the vector `distinct[place[i]]`: 92,331 groceries have 20,730 texts."""

    distinct: NDArray[np.float32]
    place: NDArray[np.intp]

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self.distinct.shape[1])

    def at(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The vectors of these catalogue rows, shape (len(positions), dimension)."""
        return self.distinct[self.place[positions]]
