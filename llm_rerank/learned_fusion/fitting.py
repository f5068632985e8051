"""Learning the fusion from users whose answers are held out, and whether it is to be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import lightgbm
import numpy as np
from numpy.typing import NDArray

from llm_rerank.fusion import WEIGHTS, Scores, fuse
from llm_rerank.learned_fusion.config import VARIANTS, TreesConfig, Variant
from llm_rerank.learned_fusion.order import Order, blinded, hidden_from
from retrieval.ndcg import ndcg

_K: Final = 10  # a list is judged by its NDCG at this
_FOLDS: Final = 5
_LEAST_CHECKED: Final = 20  # a mean over fewer says nothing
_LEAST_SLOPE: Final = 1e-6  # of the calibration: it must not turn an order round, even one that means nothing
_SURE: Final = 1.645  # standard errors by which it must gain: chance alone does that once in twenty times


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """One user's candidates and what was then really taken."""

    matrix: NDArray[np.float32]
    """Shape (K, features), best of retrieval first: see FusionFeatures."""

    llm: Scores
    """Shape (K,), likewise."""

    retrieval: Scores
    """Likewise."""

    taken: NDArray[np.bool_]
    """Shape (K,)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """What was learnt."""

    order: Order
    """By the last of VARIANTS that is surely better than the one chosen before it, learnt from all lessons."""

    calibration: tuple[float, float]
    """Slope and shift that make log-odds of a score."""

    without_llm: tuple[float, float]
    """The same for the scores of retrieval's order, which stays where the LLM does not answer."""

    checks: dict[Variant, NDArray[np.float64]]
    """NDCG@10 of each list with something taken in it, by what had not learnt from it."""


class FusionLearner:
    """Learns orders from lessons."""

    def __init__(self, names: Sequence[str], of_llm: tuple[int, ...], config: TreesConfig) -> None:
        """`names` are the features', and `of_llm` the columns that trees without the LLM do not see."""
        self._names, self._of_llm, self._config = names, of_llm, config

    def fit(self, lessons: Sequence[Lesson]) -> Fitted:
        """Learns from all lessons; each variant is checked on users that it did not learn from.

        Lists of which nothing was taken teach no order, and tell how probable that is.
        """
        apart = {variant: self._held_out_scores(variant, lessons) for variant in VARIANTS}
        telling = [number for number, lesson in enumerate(lessons) if lesson.taken.any()]
        checks = {
            variant: np.array([ndcg(scores[number], lessons[number].taken, _K) for number in telling])
            for variant, scores in apart.items()
        }
        variant = _choose(checks)
        taken = np.concatenate([lesson.taken for lesson in lessons])
        return Fitted(
            order=self.learn(variant, lessons),
            calibration=_platt(np.concatenate(apart[variant]), taken),
            without_llm=_platt(np.concatenate(apart["retrieval"]), taken),
            checks=checks,
        )

    def learn(self, variant: Variant, lessons: Sequence[Lesson]) -> Order:
        """The order of that variant."""
        if variant == "one weight":
            return Order(variant=variant, weight=_best_weight(lessons))
        if variant == "retrieval":
            return Order(variant=variant)
        hidden = hidden_from(variant, self._of_llm)
        return Order(variant=variant, hidden=hidden, trees=self._trees(lessons, hidden))

    def _held_out_scores(self, variant: Variant, lessons: Sequence[Lesson]) -> list[Scores]:
        """The scores of every list, shape (K,), by what was learnt from the other folds."""
        fold = np.random.default_rng(self._config.seed).permutation(len(lessons)) % _FOLDS
        scores = dict[int, Scores]()
        for held_out in range(_FOLDS):
            order = self.learn(variant, [lessons[place] for place in np.flatnonzero(fold != held_out).tolist()])
            for place in np.flatnonzero(fold == held_out).tolist():
                scores[place] = order.scores(lessons[place].matrix, lessons[place].llm, lessons[place].retrieval)
        return [scores[place] for place in range(len(lessons))]

    def _trees(self, lessons: Sequence[Lesson], hidden: Sequence[int]) -> lightgbm.Booster | None:
        """None where nothing was taken."""
        telling = [lesson for lesson in lessons if lesson.taken.any()]
        if not telling:
            return None
        data = lightgbm.Dataset(
            np.concatenate([blinded(lesson.matrix, hidden) for lesson in telling]),
            label=np.concatenate([lesson.taken for lesson in telling]).astype(np.float32),
            group=[len(lesson.taken) for lesson in telling],
            feature_name=list(self._names),
        )
        settings = {
            "objective": "lambdarank",
            "lambdarank_truncation_level": 20,
            "num_leaves": self._config.leaves,
            "learning_rate": self._config.learning_rate,
            "min_data_in_leaf": self._config.least_rows,
            "feature_fraction": 0.7,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "seed": self._config.seed,
            "verbosity": -1,
        }
        return lightgbm.train(settings, data, num_boost_round=self._config.trees)


def _best_weight(lessons: Sequence[Lesson]) -> float:
    """The LLM's weight that gives these lists the best mean NDCG@10; the lowest of several."""
    telling = [lesson for lesson in lessons if lesson.taken.any()]
    gains = [
        sum(ndcg(fuse(lesson.llm, lesson.retrieval, weight), lesson.taken, _K) for lesson in telling)
        for weight in WEIGHTS
    ]
    return WEIGHTS[int(np.argmax(gains))]


def _choose(checks: dict[Variant, NDArray[np.float64]]) -> Variant:
    chosen: Variant = "retrieval"
    for variant in VARIANTS[1:]:
        gains = checks[variant] - checks[chosen]
        if len(gains) >= _LEAST_CHECKED and gains.mean() > _SURE * gains.std(ddof=1) / np.sqrt(len(gains)):
            chosen = variant
    return chosen


def _platt(scores: Scores, taken: NDArray[np.bool_]) -> tuple[float, float]:
    """Logistic regression of what was taken on the score (Platt 1999), by Newton's method, lightly held towards 0."""
    inputs = np.column_stack([scores, np.ones(len(scores))])
    weights, hold = np.zeros(2), 1e-3 * np.eye(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (chance - taken) + hold @ weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + hold
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return max(float(weights[0]), _LEAST_SLOPE), float(weights[1])
