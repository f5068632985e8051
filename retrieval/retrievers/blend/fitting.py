"""Learning how much each source is to be believed, and when."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import lightgbm
import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, plain
from retrieval.retrievers.blend.lessons import Lesson, Lessons
from retrieval.splits import Split

IMPORTANCE: Final = "importance/"
"""Arrays of this name say by how much a feature lowered the loss, as a share of all."""

CHECK: Final = "check/"
"""Arrays of this name are mean NDCG@10 of users who were held out: of the `blend`, and of the `fusion` it replaces."""

_EACH: Final = 5  # one user of so many is held out to check
_LEAST_CHECKED: Final = 5  # a mean over fewer says nothing
_SURE: Final = 1.645  # standard errors by which it must gain: chance alone does that once in twenty times
_ROUNDING: Final = 1e-9  # of means of equal figures

Track = Callable[[Sequence[str]], Iterable[str]]
"""Wraps the users that are gone through, to show how far it is."""


def fit_blend(
    config: BlendConfig,
    split: Split,
    sources: Mapping[str, Retriever],
    fusion: Retriever,
    catalogue: Catalogue,
    vectors: ItemVectors,
    seed: int,
    *,
    repeats: bool,
    track: Track,
) -> Arrays:
    """Array `model`, LightGBM's own text as bytes with the features by name, the features' importances and checks.

    `sources` were fitted on `split.train`, so that what they say of the targets is what they would have said before;
    `fusion` joins the same ones. What is not available, and without `repeats` the items of the history, are neither
    proposed nor right. Every fifth user is held out to check a model of the others: where that is not surely better
    than fusion, there are checks and no model. Where there are too few users to check, no source proposes anything
    right, or there is too little of it for one leaf, there is nothing to learn: {}.
    """
    users = np.random.default_rng(seed).permutation(sorted(split.targets))[: config.users].tolist()
    checked = frozenset(users[::_EACH])
    if len(checked) < _LEAST_CHECKED:
        return {}
    features = Features(catalogue, vectors, split.train, tuple(sources))
    asked = Lessons(
        split=split,
        sources=sources,
        fusion=fusion,
        catalogue=catalogue,
        features=features,
        depth=config.depth,
        repeats=repeats,
    )
    lessons: dict[str, Lesson] = {}
    fused: list[float] = []
    for user in track(sorted(users)):
        lesson = asked.of(user)
        if lesson.label.any():  # a list without a right item teaches LambdaRank nothing
            lessons[user] = lesson
        if user in checked:
            fused.append(asked.fused(user))
    tried = _fit(config, features.names, [lesson for user, lesson in lessons.items() if user not in checked], seed)
    if tried is None:
        return {}
    blended = [lessons[user].gain(tried) if user in lessons else 0.0 for user in sorted(checked)]
    of_blend, of_fusion = (math.fsum(gains) / len(checked) for gains in (blended, fused))
    checks: Arrays = {f"{CHECK}blend": np.array(of_blend), f"{CHECK}fusion": np.array(of_fusion)}
    model = _fit(config, features.names, list(lessons.values()), seed) if _surely_better(blended, fused) else None
    return checks if model is None else checks | _learnt(model, features.names)


def _surely_better(blended: Sequence[float], fused: Sequence[float]) -> bool:
    """Entry i of both is of the same user."""
    gains = np.subtract(blended, fused)
    return bool(gains.mean() > _SURE * gains.std(ddof=1) / math.sqrt(len(gains)) + _ROUNDING)


def _fit(config: BlendConfig, names: Sequence[str], lessons: Sequence[Lesson], seed: int) -> lightgbm.Booster | None:
    """None where no tree finds anything to tell the items apart by."""
    if not lessons:
        return None
    labels = [lesson.label for lesson in lessons]
    data = lightgbm.Dataset(
        np.concatenate([lesson.proposals.matrix for lesson in lessons]),
        label=np.concatenate(labels).astype(np.float32),
        group=[len(label) for label in labels],
        feature_name=plain(names),
    )
    model = lightgbm.train(
        {
            "objective": "lambdarank",
            "lambdarank_truncation_level": 20,
            "num_leaves": config.leaves,
            "learning_rate": config.learning_rate,
            "min_data_in_leaf": config.least_rows,
            "feature_fraction": 0.7,
            "deterministic": True,
            "force_row_wise": True,
            "seed": seed,
            "verbosity": -1,
        },
        data,
        num_boost_round=config.trees,
    )
    return model if model.feature_importance("gain").any() else None


def _learnt(model: lightgbm.Booster, names: Sequence[str]) -> Arrays:
    gains = model.feature_importance("gain")
    shares = gains / gains.sum()
    importances = {f"{IMPORTANCE}{name}": np.array(share) for name, share in zip(names, shares, strict=True)}
    return {"model": np.frombuffer(model.model_to_string().encode(), dtype=np.uint8)} | importances
