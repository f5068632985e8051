"""A street of twenty doors: whoever stood at one goes to the next, and from the last back to the first."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig

DOORS = 20
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def street() -> Catalogue:
    return Catalogue([Item(item_id=f"door{n:02}", title=f"Door {n}") for n in range(DOORS)])


@pytest.fixture(scope="session")
def walks() -> InteractionLog:
    """Each of forty walkers starts at one of the doors and passes seven."""
    return InteractionLog.of(
        Interaction(
            user_id=f"walker{walker:02}",
            item_id=f"door{(walker * 7 + step) % DOORS:02}",
            timestamp=NEW_YEAR + timedelta(days=step),
        )
        for walker in range(40)
        for step in range(7)
    )


@pytest.fixture(scope="session")
def texts() -> ItemVectors:
    rng = np.random.default_rng(0)
    return ItemVectors(distinct=rng.normal(size=(DOORS, 8)).astype(np.float32), place=np.arange(DOORS))


@pytest.fixture(scope="session")
def settings() -> SequenceConfig:
    """Small enough to train in a second."""
    return SequenceConfig(
        encoder=EncoderConfig(dimension=16, blocks=1, window=6, dropout=0.0),
        training=TrainingConfig(
            epochs=16, patience=16, batch_size=5, learning_rate=0.02, warmup_steps=5, validation_users=10
        ),
    )
