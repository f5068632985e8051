"""Fitting with LensKit: the only module that imports it. Each fit turns a log into the arrays that `scorers` read."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from lenskit.als import ImplicitMFScorer
from lenskit.data import Dataset, from_interactions_df
from lenskit.diagnostics import DataWarning
from lenskit.knn import EASEScorer, ItemKNNScorer, UserKNNScorer
from lenskit.training import TrainingOptions

from retrieval.catalogue import Catalogue
from retrieval.errors import MissingExtraError
from retrieval.files import Arrays
from retrieval.log import InteractionLog
from retrieval.retrievers.model_configs import (
    AlsConfig,
    EaseConfig,
    ItemKnnConfig,
    LightGcnConfig,
    ModelConfig,
    UserKnnConfig,
)
from retrieval.retrievers.popularity import item_rows
from retrieval.retrievers.scorers import pattern, sparse_arrays


def fit_model(config: ModelConfig, catalogue: Catalogue, log: InteractionLog, seed: int) -> Arrays:
    """What the model learned, and of whom: `items` are catalogue rows and `users` rows of log.user_ids.

    Entry c of `items` is the model's column c, entry r of `users` its row r.
    """
    pairs = _pairs(log, catalogue, config.items)
    if pairs.empty:
        return {"items": np.empty(0, dtype=np.intp), "users": np.empty(0, dtype=np.intp)}
    data = from_interactions_df(pairs)
    known = {"items": data.items.ids().astype(np.intp), "users": data.users.ids().astype(np.intp)}
    return known | _fit(config, data, TrainingOptions(rng=seed))


def _pairs(log: InteractionLog, catalogue: Catalogue, most_popular: int | None) -> pd.DataFrame:
    """One row a (user, item) pair, both as numbers, with the rating that `taste.rate` would give it."""
    users = log.frame["user_id"].factorize()[0]  # the log is sorted by user: its codes are rows of log.user_ids
    frame = pd.DataFrame({"user_id": users, "item_id": item_rows(log, catalogue), "rating": log.frame["rating"]})
    grouped = frame.groupby(["user_id", "item_id"])["rating"].agg(["size", "mean"]).reset_index()
    rating = grouped["mean"].fillna(1 + np.log(grouped["size"]))
    pairs = grouped[["user_id", "item_id"]].assign(rating=rating)
    popular = pairs["item_id"].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
    return pairs[pairs["item_id"].isin(popular[:most_popular])]


def _fit(config: ModelConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    match config:
        case ItemKnnConfig():
            return _fit_item_knn(config, data, options)
        case UserKnnConfig():
            return _fit_user_knn(config, data, options)
        case AlsConfig():
            return _fit_als(config, data, options)
        case EaseConfig():
            return _fit_ease(config, data, options)
        case LightGcnConfig():
            return _fit_lightgcn(config, data, options)


def _fit_item_knn(config: ItemKnnConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    scorer = ItemKNNScorer(feedback="implicit", save_nbrs=config.neighbours)
    scorer.train(data, options)
    return sparse_arrays("similarity", scorer.sim_matrix.to_scipy())


def _fit_user_knn(config: UserKnnConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    scorer = UserKNNScorer(feedback="explicit" if config.similarity == "pearson" else "implicit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # users who like everything alike have no direction: so be it
        scorer.train(data, options)
    ratings = scorer.user_ratings  # without values where only touching counts
    opinions = ratings.to_scipy() if ratings.has_values else pattern(scorer.user_vectors)
    return sparse_arrays("directions", scorer.user_vectors) | sparse_arrays("opinions", opinions)


def _fit_als(config: AlsConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    scorer = ImplicitMFScorer(
        embedding_size=config.dimension,
        epochs=config.epochs,
        weight=config.confidence,
        regularization=config.regularization,
    )
    scorer.train(data, options)
    return {"vectors": scorer.item_embeddings, "gram": scorer._OtOr}


def _fit_ease(config: EaseConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    scorer = EASEScorer(regularization=config.regularization)
    scorer.train(data, options)
    return {"weights": scorer.weights}


def _fit_lightgcn(config: LightGcnConfig, data: Dataset, options: TrainingOptions) -> Arrays:
    scorer = _lightgcn(config)
    with torch.random.fork_rng():
        torch.manual_seed(int(options.rng))  # torch_geometric asks torch, not LensKit, for its first vectors
        scorer.train(data, options)
    with torch.inference_mode():
        vectors = scorer.model.get_embedding(scorer._edges).cpu().numpy()
    return {"vectors": vectors[: data.item_count], "user_vectors": vectors[data.item_count :]}


def _lightgcn(config: LightGcnConfig) -> Any:
    try:
        from lenskit.graphs.lightgcn import LightGCNScorer
    except ImportError as err:
        raise MissingExtraError(
            "LightGCN needs torch-geometric",
            field="retrievers.kind",
            value=config.kind,
            remedy="pip install torch-geometric, or leave this retriever out.",
        ) from err
    return LightGCNScorer(
        embedding_size=config.dimension,
        layer_count=config.layers,
        epochs=config.epochs,
        learning_rate=config.learning_rate,
    )
