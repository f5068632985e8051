"""What a job would do, and how long it would take: all users are read, a few are ranked, and nothing is kept."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any, Final

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.rejects import read_rejects
from llm_rerank.batch.shard import ShardRanker
from llm_rerank.batch.split import REJECTED, split_users
from llm_rerank.recommender import Recommender
from retrieval.once import WORK

_GROUPS: Final = 4  # that are ranked; more would be told more surely, and later


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Of a job on one engine like that of the trial."""

    users: int
    shards: int
    rejected: dict[str, int]
    """Rows, by the reason; the ten commonest. Unknown `item_ids` are found when a job is run, and not before."""
    tried: int
    """Users who were ranked."""
    users_per_second: float
    hours: float
    cost: float | None
    """Where `cost_per_hour` is known."""

    def to_json(self) -> dict[str, Any]:
        """As the command prints it."""
        return asdict(self)


def dry_run(config: BatchConfig, users: Path, limit: int | None) -> Estimate:
    """Raises what a job raises."""
    with TemporaryDirectory() as folder:
        work = Path(folder) / WORK
        work.mkdir()
        trial = _GROUPS * config.users_at_once
        counts = split_users(users, work, trial, history=config.history, limit=limit, on_user=lambda: None)
        reasons = Counter(reject.reason for reject in read_rejects(work / REJECTED))
        seconds = _seconds(config, Path(folder)) if counts else 0.0
    everybody, tried = sum(counts), next(iter(counts), 0)
    hours = everybody * seconds / max(tried, 1) / 3600
    return Estimate(
        users=everybody,
        shards=-(-everybody // config.shard_users),
        rejected=dict(reasons.most_common(10)),
        tried=tried,
        users_per_second=tried / seconds if seconds else 0.0,
        hours=hours,
        cost=None if config.cost_per_hour is None else hours * config.cost_per_hour,
    )


def _seconds(config: BatchConfig, out: Path) -> float:
    """That the first shard takes, the model being loaded."""
    recommender = Recommender.open(config.recommend)
    try:
        begun = perf_counter()
        ShardRanker(recommender, config).rank(out, 0, cancel=Event(), on_users=lambda _: None)
        return perf_counter() - begun
    finally:
        recommender.close()
