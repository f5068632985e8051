"""Examples of the tiny grocer's crowd, and a language model of two thousand weights that knows a dozen words: it trains
in a second.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.progress import Progress

from finetune.build_examples import build_examples
from finetune.examples_config import ExamplesConfig
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import LETTERS
from retrieval.embedders.base import HashingConfig
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData

TinyModel = Callable[[Path, list[str]], PreparedModel]
WORDS = "Yes No Buy? Candidate: - (nothing yet) Answer: The customer's shopping history: good plain door"


@pytest.fixture(scope="session")
def crowded(shop: ShopData, crowd: InteractionLog) -> ShopData:
    """Forty households, eight of them like `eva`, who bought one thing once."""
    return replace(shop, log=crowd)


@pytest.fixture(scope="session")
def config() -> ExamplesConfig:
    """Every kind of retriever, small files."""
    sequence = SequenceConfig(
        encoder=EncoderConfig(dimension=8, blocks=1, window=5),
        training=TrainingConfig(epochs=3, batch_size=4, validation_users=0),
    )
    return ExamplesConfig(
        embedder=HashingConfig(dimension=16),
        index=ExactConfig(),
        retrievers=(TextConfig(), PopularityConfig(), TransitionsConfig(), sequence),
        repeats=True,
        history_items=3,
        hits=3,
        popular=2,
        random=2,
        validation_share=0.2,
        shard_rows=20,
    )


@pytest.fixture(scope="session")
def finished(crowded: ShopData, config: ExamplesConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished folder; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "examples"
    build_examples(crowded, config, folder, Progress(disable=True))
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """Random weights; every word is a token, and so are numbers below 20 and letters to K, alone and bracketed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    letters = LETTERS[:11]
    return tiny_model(folder, [*WORDS.split(), *map(str, range(20)), *letters, *(f"({letter})" for letter in letters)])
