"""Which items the right answer has to beat in a training step."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Competing:
    """Ascending `columns` (m,), the right answers among them, and what is taken off the score of each, (m,)."""

    columns: NDArray[np.int64]
    correction: NDArray[np.float32]


class Competitors(Protocol):
    """Chooses what competes."""

    def draw(self, right: NDArray[np.int64], rng: np.random.Generator) -> Competing:
        """For a batch whose right answers are the columns `right` (p,)."""
        ...


class WholeCatalogue:
    """Every item that anybody touched competes."""

    def __init__(self, items: int) -> None:
        self._all = Competing(columns=np.arange(items), correction=np.zeros(items, dtype=np.float32))

    def draw(self, right: NDArray[np.int64], rng: np.random.Generator) -> Competing:
        """All columns, always."""
        return self._all


class SampledCatalogue:
    """Random items and the batch's right answers compete; each score loses the log of how likely the item was drawn.

    Without the correction popular items, which are often somebody's right answer, would be punished for it (Yi et al.,
    Sampling-bias-corrected neural modeling, RecSys 2019).
    """

    def __init__(self, counts: NDArray[np.int64], negatives: int) -> None:
        """`counts[c]` is how often column c is a right answer in the log."""
        self._share = counts / max(1, counts.sum())
        self._negatives = min(negatives, len(counts))

    def draw(self, right: NDArray[np.int64], rng: np.random.Generator) -> Competing:
        """`negatives` different columns at random, and `right`."""
        random = rng.choice(len(self._share), size=self._negatives, replace=False, shuffle=False)
        columns = np.union1d(random, right)
        missed_by_answers = (1 - self._share[columns]) ** len(right)
        drawn = 1 - missed_by_answers * (1 - self._negatives / len(self._share))
        return Competing(columns=columns, correction=np.log(drawn).astype(np.float32))
