"""Learning the fusion from users whose answers are held out, and whether it is to be believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import lightgbm
import numpy as np
from numpy.typing import NDArray

from llm_rerank.fusion import WEIGHTS, Scores, fuse
from llm_rerank.learned_fusion.config import TreesConfig
from retrieval.ndcg import ndcg

Variant = Literal["retrieval", "one weight", "trees without the LLM", "trees with the LLM"]
"""What orders the candidates: retrieval as it is, both sides at one weight for all, trees that do not hear the LLM, or
trees that do."""

VARIANTS: Final[tuple[Variant, ...]] = ("retrieval", "one weight", "trees without the LLM", "trees with the LLM")
"""Each has more to learn than the one before, and needs more users for it."""

_Learn = Callable[[Sequence["Lesson"], Sequence[int]], lightgbm.Booster | None]

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

    variant: Variant
    """The last of VARIANTS that is surely better than the one chosen before it."""

    trees: lightgbm.Booster | None
    """None for the variants without."""

    weight: float
    """The LLM's in `one weight`, else 0."""

    calibration: tuple[float, float]
    """Slope and shift that make log-odds of a score."""

    checks: dict[Variant, NDArray[np.float64]]
    """NDCG@10 of each list with something taken in it, by what had not learnt from it."""


def fit_fusion(lessons: Sequence[Lesson], names: Sequence[str], of_llm: Sequence[int], config: TreesConfig) -> Fitted:
    """Learns from all lessons; each variant is checked on users that it did not learn from.

    `names` are the features', and `of_llm` the columns that trees without the LLM do not see. Lists of which nothing
    was taken teach no order, and tell how probable that is.
    """
    learn = partial(fit_trees, names=names, config=config)
    fold = np.random.default_rng(config.seed).permutation(len(lessons)) % _FOLDS
    apart = {variant: _held_out_scores(variant, lessons, fold, of_llm, learn) for variant in VARIANTS}
    telling = [number for number, lesson in enumerate(lessons) if lesson.taken.any()]
    checks = {
        variant: np.array([ndcg(scores[number], lessons[number].taken, _K) for number in telling])
        for variant, scores in apart.items()
    }
    variant = _choose(checks)
    return Fitted(
        variant=variant,
        trees=learn(lessons, hidden(variant, of_llm)) if variant.startswith("trees") else None,
        weight=best_weight(lessons) if variant == "one weight" else 0.0,
        calibration=_platt(np.concatenate(apart[variant]), np.concatenate([lesson.taken for lesson in lessons])),
        checks=checks,
    )


def blinded(matrix: NDArray[np.float32], columns: Sequence[int]) -> NDArray[np.float32]:
    """The features with nothing known in these columns."""
    seen = matrix.copy()
    seen[:, list(columns)] = np.nan
    return seen


def hidden(variant: Variant, of_llm: Sequence[int]) -> Sequence[int]:
    """The columns that a variant's trees do not see."""
    return of_llm if variant == "trees without the LLM" else ()


def best_weight(lessons: Sequence[Lesson]) -> float:
    """The LLM's weight that gives these lists the best mean NDCG@10; the lowest of several."""
    telling = [lesson for lesson in lessons if lesson.taken.any()]
    gains = [
        sum(ndcg(fuse(lesson.llm, lesson.retrieval, weight), lesson.taken, _K) for lesson in telling)
        for weight in WEIGHTS
    ]
    return WEIGHTS[int(np.argmax(gains))]


def _held_out_scores(
    variant: Variant, lessons: Sequence[Lesson], fold: NDArray[np.intp], of_llm: Sequence[int], learn: _Learn
) -> list[Scores]:
    """The scores of every list, shape (K,), by what was learnt from the other folds."""
    if variant == "retrieval":
        return [retrieval_scores(len(lesson.taken)) for lesson in lessons]
    scores = dict[int, Scores]()
    for held_out in range(_FOLDS):
        others = [lessons[place] for place in np.flatnonzero(fold != held_out).tolist()]
        score = _learnt(variant, others, of_llm, learn)
        scores |= {place: score(lessons[place]) for place in np.flatnonzero(fold == held_out).tolist()}
    return [scores[place] for place in range(len(lessons))]


def _learnt(
    variant: Variant, lessons: Sequence[Lesson], of_llm: Sequence[int], learn: _Learn
) -> Callable[[Lesson], Scores]:
    """What scores a list after these lessons."""
    if variant == "one weight":
        weight = best_weight(lessons)
        return lambda lesson: fuse(lesson.llm, lesson.retrieval, weight)
    blind = hidden(variant, of_llm)
    trees = learn(lessons, blind)
    return lambda lesson: predict(trees, blinded(lesson.matrix, blind))


def retrieval_scores(count: int) -> Scores:
    """Of a list in retrieval's order: lower and lower."""
    return -np.log2(np.arange(2, count + 2, dtype=np.float64))


def predict(trees: lightgbm.Booster | None, matrix: NDArray[np.float32]) -> Scores:
    """Shape (K,); retrieval's order where there are no trees."""
    if trees is None or not len(matrix):
        return retrieval_scores(len(matrix))
    return np.asarray(trees.predict(matrix, num_threads=1), dtype=np.float64)


def _choose(checks: dict[Variant, NDArray[np.float64]]) -> Variant:
    chosen: Variant = "retrieval"
    for variant in VARIANTS[1:]:
        gains = checks[variant] - checks[chosen]
        if len(gains) >= _LEAST_CHECKED and gains.mean() > _SURE * gains.std(ddof=1) / np.sqrt(len(gains)):
            chosen = variant
    return chosen


def fit_trees(
    lessons: Sequence[Lesson], blind: Sequence[int], names: Sequence[str], config: TreesConfig
) -> lightgbm.Booster | None:
    """Trees that do not see the columns `blind`; None where nothing was taken."""
    telling = [lesson for lesson in lessons if lesson.taken.any()]
    if not telling:
        return None
    data = lightgbm.Dataset(
        np.concatenate([blinded(lesson.matrix, blind) for lesson in telling]),
        label=np.concatenate([lesson.taken for lesson in telling]).astype(np.float32),
        group=[len(lesson.taken) for lesson in telling],
        feature_name=list(names),
    )
    settings = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 20,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.least_rows,
        "feature_fraction": 0.7,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": config.seed,
        "verbosity": -1,
    }
    return lightgbm.train(settings, data, num_boost_round=config.trees)


def importance(trees: lightgbm.Booster | None, names: Sequence[str]) -> dict[str, float]:
    """Share of the gain by feature, the largest first; {} where nothing gains."""
    gains = np.zeros(len(names)) if trees is None else trees.feature_importance("gain")
    if not gains.any():
        return {}
    shares = {name: float(gain / gains.sum()) for name, gain in zip(names, gains, strict=True) if gain}
    return dict(sorted(shares.items(), key=lambda entry: -entry[1]))


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
