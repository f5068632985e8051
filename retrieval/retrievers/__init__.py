"""Ways to propose items, each answering with candidates, and the hybrid that joins them.

A retriever is fitted in one place and opened in another: `fit` turns a log into arrays of numbers, which a build folder
can hold without carrying code, and `open_retriever` turns them into something that answers.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.indexes.base import VectorIndex
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.buy_again import BuyAgainConfig, BuyAgainRetriever
from retrieval.retrievers.model_configs import ModelConfig
from retrieval.retrievers.models import fit_model, open_model
from retrieval.retrievers.popularity import PopularityConfig, PopularityRetriever, fit_popularity
from retrieval.retrievers.text import TextConfig, TextRetriever

RetrieverConfig = Annotated[TextConfig | PopularityConfig | BuyAgainConfig | ModelConfig, Field(discriminator="kind")]
"""Any of the retrievers, told apart by `kind`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """What the retrievers of one build share."""

    catalogue: Catalogue
    log: InteractionLog
    vectors: ItemVectors
    index: VectorIndex


def fit(config: RetrieverConfig, catalogue: Catalogue, log: InteractionLog, seed: int) -> Arrays:
    """What this retriever learns from the log; {} for those that need to learn nothing."""
    match config:
        case TextConfig() | BuyAgainConfig():
            return {}
        case PopularityConfig():
            return fit_popularity(config, catalogue, log)
        case _:
            return fit_model(config, catalogue, log, seed)


def open_retriever(config: RetrieverConfig, shelf: Shelf, arrays: Arrays) -> Retriever:
    """The retriever that `fit` gave these arrays for."""
    match config:
        case TextConfig():
            return TextRetriever(config, shelf.catalogue, shelf.vectors, shelf.index)
        case BuyAgainConfig():
            return BuyAgainRetriever(config, shelf.catalogue)
        case PopularityConfig():
            return PopularityRetriever(config, shelf.catalogue, arrays)
        case _:
            return open_model(config, shelf.catalogue, shelf.log.user_ids, arrays)
