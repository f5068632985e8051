"""Learning how much each source is to be believed, and when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import lightgbm
import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, plain
from retrieval.splits import Split

IMPORTANCE: Final = "importance/"
"""Arrays of this name say by how much a feature lowered the loss, as a share of all."""

Track = Callable[[Sequence[str]], Iterable[str]]
"""Wraps the users that are gone through, to show how far it is."""


def fit_blend(
    config: BlendConfig,
    split: Split,
    sources: Mapping[str, Retriever],
    catalogue: Catalogue,
    vectors: ItemVectors,
    seed: int,
    *,
    repeats: bool,
    track: Track,
) -> Arrays:
    """Array `model`, LightGBM's own text as bytes with the features by name, and the features' importances.

    `sources` were fitted on `split.train`, so that what they say of the targets is what they would have said before.
    Without `repeats`, items of the history are neither proposed nor right. Where no source proposes anything
    right, or there is too little of it for one leaf, there is nothing to learn: {}.
    """
    features = Features(catalogue, vectors, split.train, tuple(sources))
    users = np.random.default_rng(seed).permutation(sorted(split.targets))[: config.users].tolist()
    matrices: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.bool_]] = []
    for user in track(sorted(users)):
        history = split.train.history(user)
        exclude = frozenset() if repeats else frozenset(history.item_ids)
        proposals = features.of(
            history, [source.retrieve(history, config.depth, exclude=exclude) for source in sources.values()]
        )
        label = np.isin(proposals.rows, [catalogue.position(item_id) for item_id in split.targets[user]])
        if label.any():  # a list without a right item teaches LambdaRank nothing
            matrices.append(proposals.matrix)
            labels.append(label)
    return _fit(config, features.names, matrices, labels, seed) if labels else {}


def _fit(
    config: BlendConfig,
    names: Sequence[str],
    matrices: Sequence[NDArray[np.float32]],
    labels: Sequence[NDArray[np.bool_]],
    seed: int,
) -> Arrays:
    data = lightgbm.Dataset(
        np.concatenate(matrices),
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
    gains = model.feature_importance("gain")
    if not gains.any():  # no tree has found anything to tell the items apart by
        return {}
    shares = gains / gains.sum()
    importances = {f"{IMPORTANCE}{name}": np.array(share) for name, share in zip(names, shares, strict=True)}
    return {"model": np.frombuffer(model.model_to_string().encode(), dtype=np.uint8)} | importances
