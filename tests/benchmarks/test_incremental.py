from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks.incremental import Job, Learnt, learnt_table
from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.shop import ShopData
from retrieval.splits import last_basket

TINY = SequenceConfig(encoder=EncoderConfig(dimension=8), training=TrainingConfig(epochs=2, validation_users=0))


def test_a_model_is_trained_further_asked_and_not_trained_twice(shop: ShopData, tmp_path: Path) -> None:
    embedder = HashingEmbedder(HashingConfig())
    vectors = ItemVectors(distinct=embedder.embed([item.text for item in shop.catalogue]), place=np.arange(12))
    split = last_basket(shop.log, "test")
    with Progress(disable=True) as progress:
        job = Job(shop=shop, embedder="e", vectors=vectors, sequence=TINY, seed=0, work=tmp_path, progress=progress)
        earlier = last_basket(shop.log, "validation").train
        first, seconds = job.train("first", earlier, TINY)
        further, _ = job.train("further", split.train, TINY, first)
        assert seconds > 0
        assert further.until >= first.until
        again, then = job.train("first", earlier, TINY)
        assert (again.made_from, then) == (first.made_from, seconds)
        assert len(job.ask("further", further, split)) == len(split.targets)


def test_another_log_another_start_and_other_vectors_are_other_trainings(shop: ShopData, tmp_path: Path) -> None:
    vectors = ItemVectors(distinct=np.eye(12, dtype=np.float32), place=np.arange(12))
    with Progress(disable=True) as progress:
        job = Job(shop=shop, embedder="e", vectors=vectors, sequence=TINY, seed=0, work=tmp_path, progress=progress)
        first, _ = job.train("first", last_basket(shop.log, "validation").train, TINY)
        other, _ = job.train("first", last_basket(shop.log, "test").train, TINY)
        assert other.until > first.until
        job.train("further", shop.log, TINY, first)
        job.train("further", shop.log, TINY, other)
        replace(job, embedder="f").train("further", shop.log, TINY, other)
    assert sorted(path.name.split("-")[0] for path in tmp_path.glob("*.npz")) == ["first"] * 2 + ["further"] * 3


def test_the_first_is_compared_with_the_others() -> None:
    rows = [
        Learnt(name=name, seconds=9.0, recalls=np.array(found)) for name, found in (("a", [1, 0.5]), ("b", [0, 0.5]))
    ]
    table = learnt_table(rows)
    assert [row[:3] for row in table.rows] == [("a", "9", "0.7500"), ("b", "9", "0.2500")]
    assert table.rows[1][3].startswith("0.5000 [")
