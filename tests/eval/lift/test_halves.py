from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.progress import Progress

from eval.config import BlendSystemConfig
from eval.lift.halves import Halves
from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Interaction, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.popularity import PopularityConfig, PopularityRetriever
from retrieval.splits import Split

USERS = tuple(f"u{number:02}" for number in range(60))
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
TRAIN = InteractionLog.of(Interaction(user_id=user, item_id="milk", timestamp=MONDAY) for user in USERS)


def fitted(taken: Mapping[str, tuple[str, ...]], catalogue: Catalogue, kept: Path) -> Mapping[str, Retriever]:
    """Each user's blend of one source, which proposes everything to everybody."""
    config = BlendSystemConfig(kind="blend", of=("popular",), least_rows=5, trees=5)
    popular = PopularityRetriever(PopularityConfig(), catalogue, {"scores": np.arange(12.0)})
    vectors = ItemVectors(distinct=np.eye(12, dtype=np.float32), place=np.arange(12))
    split = Split(train=TRAIN, held_out=TRAIN, targets=taken)
    halves = Halves(config, split, {"popular": popular}, catalogue, vectors, seed=0, repeats=True)
    return halves.fitted("a test", kept, Progress(disable=True))


def test_what_a_half_took_is_learnt_by_the_blend_of_the_other_half_alone(catalogue: Catalogue, tmp_path: Path) -> None:
    before = fitted(wipes := dict.fromkeys(USERS, ("wipes",)), catalogue, tmp_path / "before")
    half = {user for user in USERS if before[user] is before["u00"]}
    after = fitted(wipes | dict.fromkeys(half, ("nappies",)), catalogue, tmp_path / "after")
    asked = UserHistory(user_id="anybody")
    changed = {user for user in USERS if before[user].retrieve(asked, 12) != after[user].retrieve(asked, 12)}
    assert changed == set(USERS) - half
