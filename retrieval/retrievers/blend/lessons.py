"""What a held-out interaction teaches: what would have been proposed before it, and how right that was."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import lightgbm
import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.ndcg import ndcg
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.features import Features, Proposals
from retrieval.splits import Split

K: Final = 10  # a list is judged by its NDCG at this


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """What the sources proposed to one user."""

    proposals: Proposals

    right: NDArray[np.intp]
    """Catalogue rows of what should have been proposed, each once."""

    @property
    def label(self) -> NDArray[np.bool_]:
        """Which of the proposals are right."""
        return np.isin(self.proposals.rows, self.right)

    def gain(self, model: lightgbm.Booster) -> float:
        """NDCG@10 of the proposals in the model's order."""
        scores = np.asarray(model.predict(self.proposals.matrix, num_threads=1), dtype=np.float64)
        return _gain(self.proposals.rows[self.proposals.best_first(scores)], self.right)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lessons:
    """Asks for lessons. What is not available, and without `repeats` what the history holds, is no right answer."""

    split: Split
    sources: Mapping[str, Retriever]
    fusion: Retriever
    catalogue: Catalogue
    features: Features
    depth: int
    repeats: bool

    def of(self, user: str) -> Lesson:
        """What the sources propose to this user."""
        history, out = self.split.train.history(user), self._out(user)
        proposed = [source.retrieve(history, self.depth, exclude=out) for source in self.sources.values()]
        return Lesson(proposals=self.features.of(history, proposed), right=self._right(user))

    def fused(self, user: str) -> float:
        """NDCG@10 of what fusion would have proposed."""
        found = self.fusion.retrieve(self.split.train.history(user), K, exclude=self._out(user))
        rows = [self.catalogue.position(candidate.item.item_id) for candidate in found]
        return _gain(np.array(rows, dtype=np.intp), self._right(user))

    def _out(self, user: str) -> frozenset[str]:
        return self.catalogue.unavailable.union(() if self.repeats else self.split.train.history(user).item_ids)

    def _right(self, user: str) -> NDArray[np.intp]:
        wanted = set(self.split.targets[user]) - self._out(user)
        return np.array(sorted(map(self.catalogue.position, wanted)), dtype=np.intp)


def _gain(ranked: NDArray[np.intp], right: NDArray[np.intp]) -> float:
    return ndcg(-np.arange(len(ranked), dtype=np.float64), np.isin(ranked, right), K, of=len(right))
