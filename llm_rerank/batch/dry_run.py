"""What a job would do, and how long it would take: all users are read, a few are ranked, and nothing is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.rejects import read_rejects
from llm_rerank.batch.shard import ShardRanker, rejects_file
from llm_rerank.batch.split import REJECTED, split_users
from llm_rerank.recommender import Recommender
from retrieval.once import WORK

_GROUPS: Final = 4  # of users that are ranked, from all over the file; more would be told more surely, and later


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Of a job on one engine like that of the trial."""

    users: int
    shards: int
    rejected: dict[str, int]
    """Rows, by the reason; the ten commonest. Unknown `item_ids` only of those who were tried."""
    tried: int
    """Users whose ranking was tried."""
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
        out = Path(folder)
        (out / WORK).mkdir()
        counts = split_users(
            users, out / WORK, config.users_at_once, history=config.history, limit=limit, on_user=lambda: None
        )
        groups = sorted({int(group) for group in np.linspace(0, len(counts) - 1, _GROUPS)}) if counts else []
        seconds = _seconds(config, out, groups)
        rejects = [out / WORK / REJECTED, *(rejects_file(out, group) for group in groups)]
        reasons = Counter(reject.reason for path in rejects for reject in read_rejects(path))
    everybody, tried = sum(counts), sum(counts[group] for group in groups)
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


def _seconds(config: BatchConfig, out: Path, groups: Sequence[int]) -> float:
    """That these take, the model being loaded."""
    if not groups:
        return 0.0
    ranker = ShardRanker(Recommender.open(config.recommend), config)
    try:
        begun = perf_counter()
        for group in groups:
            ranker.rank(out, group, on_users=lambda _: None)
        return perf_counter() - begun
    finally:
        ranker.close()
