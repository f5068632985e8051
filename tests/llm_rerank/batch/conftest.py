"""A batch job for the tiny shop, with the stand-in for the LLM."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.here import rank_here
from llm_rerank.batch.job import Job
from llm_rerank.config import EngineConfig, RecommendConfig


class Counts:
    """A watcher who remembers."""

    def __init__(self) -> None:
        self.read, self.ranked, self.of = 0, list[int](), 0

    def reads(self, users: int) -> None:
        self.read += users

    def ranks(self, users: int, *, of: int) -> None:
        self.ranked.append(users)
        self.of = of


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def config(built_folder: Path) -> BatchConfig:
    recommend = RecommendConfig(shop=built_folder, engine=EngineConfig(kind="fake"), candidates=8, llm_weight=0.5)
    return BatchConfig(recommend=recommend, top_n=3, shard_users=4, users_at_once=3, patience_seconds=0)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """Eleven of them: five of the shop's, six nobody knows; and four rows of which nothing comes."""
    path = tmp_path / "users.jsonl"
    known = ("anna", "ben", "chloe", "dan", "eva")
    lines = [f'{{"user_id": "{name}"}}' for name in known]
    lines += ["{", '{"user_id": "anna"}', '{"user_id": "of", "item_ids": ["caviar"]}', '{"user": "x"}']
    lines += [f'{{"user_id": {number}, "history": ["tea", {{"item_id": "milk"}}]}}' for number in range(6)]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def run(config: BatchConfig, users: Path, counts: Counts) -> Callable[..., dict[str, Any]]:
    """Runs the job into a folder; `changes` are made to its configuration."""

    def one(out: Path, rank: Any = rank_here, *, of: Path = users, limit: int | None = None, **changes: Any) -> Any:
        changed = config.model_copy(update=changes)
        return Job(config=changed, users=of, out=out, limit=limit).run(rank, counts)

    return one
