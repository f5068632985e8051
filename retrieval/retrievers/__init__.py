"""Ways to propose items, each answering with candidates, and the hybrid that joins them.

A retriever is fitted in one place and opened in another: `fit` turns a log into arrays of numbers, which a build folder
can hold without carrying code, and `open_retriever` turns them into something that answers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.indexes.base import VectorIndex
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers.base import OnStep, Retriever
from retrieval.retrievers.buy_again import BuyAgainConfig, BuyAgainRetriever
from retrieval.retrievers.model_configs import ModelConfig, TransitionsConfig
from retrieval.retrievers.popularity import PopularityConfig, PopularityRetriever, fit_popularity
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.text import TextConfig, TextRetriever

RetrieverConfig = Annotated[
    TextConfig | PopularityConfig | BuyAgainConfig | ModelConfig | TransitionsConfig | SequenceConfig,
    Field(discriminator="kind"),
]
"""Any of the retrievers, told apart by `kind`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """What the retrievers of one build share."""

    catalogue: Catalogue
    log: InteractionLog
    vectors: ItemVectors
    index: VectorIndex


def _in_silence(done: int, steps: int, text: str) -> None:
    """Says nothing."""


def fit(config: RetrieverConfig, shelf: Shelf, seed: int, work: Path, on_step: OnStep = _in_silence) -> Arrays:
    """What this retriever learns from the log; {} for those that need to learn nothing.

    What takes long says how far it is, and leaves checkpoints in `work`, from which an interrupted fit goes on.
    """
    match config:
        case TextConfig() | BuyAgainConfig():
            return {}
        case PopularityConfig():
            return fit_popularity(config, shelf.catalogue, shelf.log)
        case TransitionsConfig():
            from retrieval.retrievers.transitions import fit_transitions  # brings SciPy

            return fit_transitions(config, shelf.catalogue, shelf.log)
        case SequenceConfig():
            from retrieval.retrievers.sequence.fitting import Fitting  # brings torch
            from retrieval.retrievers.sequence.trained import Trained

            if config.trained is not None:
                return Trained.read(config.trained).arrays_for(config, shelf.catalogue)
            return Fitting(config, shelf.catalogue, shelf.log, shelf.vectors, seed).run(work, on_step)
        case _:
            from retrieval.retrievers.models import fit_model  # brings SciPy, and torch when it fits

            return fit_model(config, shelf.catalogue, shelf.log, seed)


def open_retriever(config: RetrieverConfig, shelf: Shelf, arrays: Arrays) -> Retriever:
    """The retriever that `fit` gave these arrays for."""
    match config:
        case TextConfig():
            return TextRetriever(config, shelf.catalogue, shelf.vectors, shelf.index)
        case BuyAgainConfig():
            return BuyAgainRetriever(config, shelf.catalogue)
        case PopularityConfig():
            return PopularityRetriever(config, shelf.catalogue, arrays)
        case TransitionsConfig():
            from retrieval.retrievers.transitions import open_transitions

            return open_transitions(config, shelf.catalogue, arrays)
        case SequenceConfig():
            from retrieval.retrievers.sequence.retriever import SequenceRetriever

            return SequenceRetriever(config, shelf.catalogue, shelf.vectors, arrays)
        case _:
            from retrieval.retrievers.models import open_model

            return open_model(config, shelf.catalogue, shelf.log.user_ids, arrays)
