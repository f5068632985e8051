"""The order that was learnt: one way to score a list, whether it is checked, measured or served."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from llm_rerank.fusion import Scores, fuse
from llm_rerank.learned_fusion.config import Variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A variant, and what it has learnt."""

    variant: Variant

    weight: float = 0.0
    """The LLM's in `one weight`."""

    trees: lightgbm.Booster | None = None
    """Those of the variants with trees; without any, retrieval's order stays."""

    hidden: tuple[int, ...] = ()
    """The features that the trees do not see."""

    def scores(self, matrix: NDArray[np.float32], llm: Scores, retrieval: Scores) -> Scores:
        """One a candidate, shape (K,), the higher the better; all three have the candidates as retrieval ranks them."""
        if self.variant == "one weight":
            return fuse(llm, retrieval, self.weight)
        if self.trees is None or not len(matrix):
            return by_place(len(matrix))
        return np.asarray(self.trees.predict(blinded(matrix, self.hidden), num_threads=1), dtype=np.float64)

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Share of the trees' gain by feature, the largest first; {} where nothing gains."""
        gains = np.zeros(len(names)) if self.trees is None else self.trees.feature_importance("gain")
        if not gains.any():
            return {}
        shares = {name: float(gain / gains.sum()) for name, gain in zip(names, gains, strict=True) if gain}
        return dict(sorted(shares.items(), key=lambda entry: -entry[1]))


def by_place(count: int) -> Scores:
    """Of so many candidates in an order that stays."""
    return -np.log2(np.arange(2, count + 2, dtype=np.float64))


def hidden_from(variant: Variant, of_llm: tuple[int, ...]) -> tuple[int, ...]:
    """The features that a variant's trees do not see, of those that are the LLM's."""
    return of_llm if variant == "trees without the LLM" else ()


def blinded(matrix: NDArray[np.float32], columns: Sequence[int]) -> NDArray[np.float32]:
    """The features with nothing known in these columns."""
    seen = matrix.copy()
    seen[:, list(columns)] = np.nan
    return seen
