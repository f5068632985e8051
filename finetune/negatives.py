"""Drawing items by weight, none twice: the negatives that no retriever proposes."""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TRIES: Final = 8


class Lottery:
    """Catalogue rows with whole numbers of lots; what is drawn is out."""

    def __init__(self, lots: NDArray[np.int64]) -> None:
        """`lots[row]` is what row `row` weighs; one without is never drawn."""
        self._rows = np.flatnonzero(lots)
        self._lots = lots[self._rows]
        self._upto = np.cumsum(self._lots)

    def draw(self, count: int, out: Collection[int], rng: np.random.Generator) -> list[int]:
        """`count` rows that are not in `out`, fewer where there are no more, in the order they were drawn."""
        drawn: dict[int, None] = {}
        if count <= 0 or not len(self._rows):
            return []
        for _ in range(_TRIES):  # a lot that is out is drawn again: the whole catalogue need not be looked at
            tickets = rng.integers(self._upto[-1], size=2 * count)
            for row in self._rows[np.searchsorted(self._upto, tickets, side="right")].tolist():
                if row not in out:
                    drawn[row] = None
                if len(drawn) == count:
                    return list(drawn)
        return [*drawn, *self._among_the_rest(count - len(drawn), {*out, *drawn}, rng)]

    def _among_the_rest(self, count: int, out: set[int], rng: np.random.Generator) -> list[int]:
        """The same draw by a race: the first to ring, each at a rate of its lots."""
        rest = ~np.isin(self._rows, list(out))
        rings = rng.exponential(size=int(rest.sum())) / self._lots[rest]
        first: list[int] = self._rows[rest][np.argsort(rings, kind="stable")[:count]].tolist()
        return first
