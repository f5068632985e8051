"""A shard survives its engine, and a user whom the engine cannot bear costs nobody else a ranking."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from llm_rerank.batch import shard as shards
from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.rejects import read_rejects
from llm_rerank.batch.shard import ShardRanker, rankings_file, rejects_file
from llm_rerank.batch.split import split_users
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.recommender import Recommender
from retrieval.errors import EngineError
from retrieval.once import WORK
from retrieval.records import UserHistory

NOBODY = UserHistory(user_id="nobody")


class Mortal(FakeEngine):
    """Dead while `dead` calls are made of it; never answers who reads `poison`, or more than `longest` tokens."""

    dead = 0
    poison: tuple[int, ...] = ()
    longest = 10**9

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        self.dead -= 1
        if self.dead >= 0 or any(self.poison and request.prefix == self.poison for request in requests):
            raise EngineError("it is dead")
        if any(len(request.prefix) > self.longest for request in requests):
            raise EngineError("out of memory")
        return super().score(requests, cancel=cancel)


@pytest.fixture
def recommender(config: BatchConfig) -> Recommender:
    opened = Recommender.open(config.recommend)
    opened.reranker.engine = Mortal(opened.reranker.engine._tokenizer)  # type: ignore[attr-defined]
    return opened


@pytest.fixture
def rank(config: BatchConfig, recommender: Recommender, users: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Ranks all users as one shard: who has a ranking."""

    def one(**changes: Any) -> list[str]:
        (tmp_path / WORK).mkdir()
        split_users(users, tmp_path / WORK, 100, history=500, on_user=lambda: None)
        ranker = ShardRanker(recommender, config.model_copy(update=changes))
        ranker.rank(tmp_path, 0, on_users=lambda _: None)
        return list(pq.read_table(rankings_file(tmp_path, 0))["user_id"].to_pylist())

    return one


def engine(recommender: Recommender) -> Mortal:
    found = recommender.reranker.engine
    assert isinstance(found, Mortal)
    return found


def test_an_engine_that_dies_is_waited_for(
    rank: Callable[..., list[str]], recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_PAUSE", 0.001)
    engine(recommender).dead = 20
    assert len(rank(patience_seconds=60)) == 11


def test_one_that_does_not_come_back_ends_the_job(
    rank: Callable[..., list[str]], recommender: Recommender, tmp_path: Path
) -> None:
    engine(recommender).dead = 10**9
    with pytest.raises(EngineError, match="dead"):
        rank(patience_seconds=0)
    assert not rankings_file(tmp_path, 0).exists()


def test_whom_it_never_answers_is_told_apart(
    rank: Callable[..., list[str]], recommender: Recommender, tmp_path: Path
) -> None:
    shop, prompt = recommender.shop, recommender.reranker.prompt
    engine(recommender).poison = prompt.prefix(shop.log.history("ben"), shop.catalogue)
    assert rank(patience_seconds=60) == ["anna", "chloe", "dan", "eva", *"012345"]
    told = {reject.user_id: reject.reason for reject in read_rejects(rejects_file(tmp_path, 0))}
    assert told["ben"] == "it is dead."


def test_an_engine_that_answers_nobody_rejects_nobody(
    rank: Callable[..., list[str]], recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the shortest prompt: that of a user without a history."""
    monkeypatch.setattr(shards, "_PAUSE", 0.001)
    engine(recommender).longest = len(recommender.reranker.prompt.prefix(NOBODY, recommender.shop.catalogue))
    with pytest.raises(EngineError, match="answers for nobody of shard 0: out of memory"):
        rank(patience_seconds=60)
    assert not rankings_file(tmp_path, 0).exists()


def test_who_interrupts_does_not_wait_for_an_engine_that_does_not_answer(
    config: BatchConfig, recommender: Recommender, users: Path, tmp_path: Path
) -> None:
    def interrupted(_: int) -> None:
        engine(recommender).dead = 10**9
        raise KeyboardInterrupt

    (tmp_path / WORK).mkdir()
    split_users(users, tmp_path / WORK, 100, history=500, on_user=lambda: None)
    patient = config.model_copy(update={"users_at_once": 1, "patience_seconds": 60})
    begun = monotonic()
    with pytest.raises(KeyboardInterrupt):
        ShardRanker(recommender, patient).rank(tmp_path, 0, on_users=interrupted)
    assert monotonic() - begun < 20
    assert not rankings_file(tmp_path, 0).exists()
