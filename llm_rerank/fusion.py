"""Fusion: one score from what the LLM says and what retrieval says. Here by one weight; by trees in learned_fusion/.

    score = w * standardised(LLM log-odds) + (1 - w) * standardised(retrieval score),   0 <= w <= 1

Both are standardised within the list, so w means the same for every user. w is chosen on validation users only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.records import Candidate, UserHistory

Scores = NDArray[np.float64]


class Fusion(Protocol):
    """The seam: what orders candidates once retrieval and the LLM have spoken."""

    @property
    def llm_weight(self) -> float:
        """The LLM's share in the scores, in [0, 1]; 0: it has no say."""
        ...

    def scores(self, history: UserHistory, candidates: Sequence[Candidate], llm: Scores) -> Scores:
        """The final score of each candidate, shape (K,), the higher the better; `llm` has the LLM's, in their order."""
        ...

    def without_llm(self, candidates: Sequence[Candidate]) -> Scores:
        """The same, shape (K,), where the LLM does not answer: they stay in this order, on the scale of `scores`."""
        ...


WEIGHTS: Final = tuple(round(0.05 * step, 2) for step in range(21))
_SURE: Final = 2.0
"""Standard errors by which the mean gain must exceed zero. The best of 21 weights is looked at, not one: on noise the
usual 1.645 gave the LLM a say in 10 % of simulated validations, not 5 %."""


def standardise(scores: Scores) -> Scores:
    """Mean 0 and standard deviation 1 within the list; a list of equal scores becomes zeros."""
    centred = scores - scores.mean() if len(scores) else scores
    deviation = float(centred.std()) if len(scores) else 0.0
    return centred / deviation if deviation > 1e-9 else np.zeros_like(centred)


def fuse(llm: Scores, retrieval: Scores, weight: float) -> Scores:
    """The final scores of one list, `weight` on the LLM. Both inputs have one score a candidate, shape (K,)."""
    return weight * standardise(llm) + (1 - weight) * standardise(retrieval)


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedFusion:
    """Both sides standardised, and one weight for all."""

    llm_weight: float

    def scores(self, history: UserHistory, candidates: Sequence[Candidate], llm: Scores) -> Scores:
        """See Fusion.scores; the history has no part in it."""
        return fuse(llm, _retrieval(candidates), self.llm_weight)

    def without_llm(self, candidates: Sequence[Candidate]) -> Scores:
        """See Fusion.without_llm."""
        return standardise(_retrieval(candidates))


def _retrieval(candidates: Sequence[Candidate]) -> Scores:
    return np.array([candidate.score for candidate in candidates], dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredList:
    """One validation user's list: what each side said, and which candidates were then really taken. All shape (K,)."""

    llm: Scores
    retrieval: Scores
    relevant: NDArray[np.bool_]


def choose_weight(lists: Sequence[ScoredList], metric: Callable[[Scores, NDArray[np.bool_]], float]) -> float:
    """The weight with the best mean `metric(scores, relevant)`; 0 unless it beats retrieval alone beyond chance.

    So fusion never loses to retrieval by choosing noise: where validation shows no sure gain the LLM has no say.
    """
    values = np.array([[metric(fuse(x.llm, x.retrieval, w), x.relevant) for w in WEIGHTS] for x in lists])
    if not len(values):
        return 0.0
    best = int(values.mean(axis=0).argmax())
    gain = values[:, best] - values[:, 0]
    error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
    return WEIGHTS[best] if gain.mean() > _SURE * error else 0.0
