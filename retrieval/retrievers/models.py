"""The collaborative models: fitted with LensKit, opened without it."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.errors import MissingExtraError
from retrieval.files import Arrays
from retrieval.log import InteractionLog
from retrieval.retrievers.collaborative import CollaborativeRetriever, Scorer
from retrieval.retrievers.model_configs import (
    AlsConfig,
    EaseConfig,
    ItemKnnConfig,
    LightGcnConfig,
    ModelConfig,
    UserKnnConfig,
)
from retrieval.retrievers.scorers import (
    FoldedInUser,
    LearnedUsers,
    LinearItems,
    SimilarItems,
    SimilarUsers,
    sparse_matrix,
)
from retrieval.retrievers.taste import rate, weigh


def fit_model(config: ModelConfig, catalogue: Catalogue, log: InteractionLog, seed: int) -> Arrays:
    """What the model learned from the log."""
    try:
        from retrieval.retrievers import lenskit
    except ImportError as err:
        raise MissingExtraError(
            "fitting this retriever needs LensKit",
            field="retrievers.kind",
            value=config.kind,
            remedy="pip install 'llm-rerank[retrieval]', or leave this retriever out.",
        ) from err
    return lenskit.fit_model(config, catalogue, log, seed)


def open_model(
    config: ModelConfig, catalogue: Catalogue, user_ids: Sequence[str], arrays: Arrays
) -> CollaborativeRetriever:
    """The retriever that `fit_model` gave these arrays for; `user_ids` are those of the log it was fitted on."""
    items = arrays["items"]
    rows = {user_ids[user]: row for row, user in enumerate(arrays["users"].tolist())}
    rates = isinstance(config, UserKnnConfig) and config.similarity == "pearson"
    read = rate if rates else partial(weigh, config=config.taste)
    fitted_on_nothing = LinearItems(weights=np.empty((0, 0), dtype=np.float32))
    scorer = _scorer(config, arrays, rows) if len(items) else fitted_on_nothing
    return CollaborativeRetriever(config.name, read, catalogue, items, scorer)


def _scorer(config: ModelConfig, arrays: Arrays, rows: Mapping[str, int]) -> Scorer:
    match config:
        case ItemKnnConfig():
            return SimilarItems(similarity=sparse_matrix("similarity", arrays))
        case EaseConfig():
            return LinearItems(weights=arrays["weights"])
        case AlsConfig():
            return FoldedInUser(vectors=arrays["vectors"], gram=arrays["gram"], confidence=config.confidence)
        case LightGcnConfig():
            return LearnedUsers(vectors=arrays["vectors"], users=arrays["user_vectors"], rows=rows)
        case UserKnnConfig():
            return SimilarUsers(
                directions=sparse_matrix("directions", arrays),
                opinions=sparse_matrix("opinions", arrays),
                neighbours=config.neighbours,
                centred=config.similarity == "pearson",
                rows=rows,
            )
