from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest
from rich.progress import Progress

from finetune import build_examples as job
from finetune.build_examples import build_examples
from finetune.examples import Example, read_examples, read_items, read_manifest
from finetune.examples_config import ExamplesConfig
from retrieval.alone import alone
from retrieval.catalogue import Catalogue
from retrieval.embedders.base import HashingConfig
from retrieval.errors import BuildError, DatasetError
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData

SEQUENCE = SequenceConfig(
    encoder=EncoderConfig(dimension=8, blocks=1, window=5),
    training=TrainingConfig(epochs=3, batch_size=4, validation_users=0),
)
CONFIG = ExamplesConfig(
    embedder=HashingConfig(dimension=16),
    index=ExactConfig(),
    retrievers=(TextConfig(), PopularityConfig(), TransitionsConfig(), SEQUENCE),
    repeats=True,
    hits=3,
    popular=2,
    random=2,
    history_items=3,
    shard_rows=20,
)
LIGHT = CONFIG.model_copy(update={"retrievers": (PopularityConfig(),)})


@pytest.fixture(scope="session")
def crowded(shop: ShopData, crowd: InteractionLog) -> ShopData:
    """Forty households; those of `eva` bought one thing once."""
    return replace(shop, log=crowd)


def build(shop: ShopData, folder: Path, config: ExamplesConfig = CONFIG) -> list[Example]:
    build_examples(shop, config, folder, Progress(disable=True))
    return list(read_examples(folder))


@pytest.fixture(scope="module")
def finished(crowded: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished folder; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "examples"
    build(crowded, folder)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_x(finished: Path) -> None:
    print(read_manifest(finished), *read_examples(finished), sep="\n")
