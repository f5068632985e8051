"""Shards ranked in this process, one after the other."""

from collections.abc import Callable, Sequence
from pathlib import Path

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.shard import ShardRanker
from llm_rerank.recommender import Recommender


def rank_here(config: BatchConfig, out: Path, shards: Sequence[int], on_users: Callable[[int], object]) -> None:
    """With one engine, which is loaded where there is something to do."""
    if not shards:
        return
    ranker = ShardRanker(Recommender.open(config.recommend), config)
    try:
        for shard in shards:
            ranker.rank(out, shard, on_users=on_users)
    finally:
        ranker.close()
