"""Shards ranked side by side on Ray: as many engines as there are workers, here or on a cluster's machines."""

from collections.abc import Callable, Sequence
from logging import WARNING
from pathlib import Path
from threading import Event
from typing import Any

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.shard import ShardRanker
from llm_rerank.recommender import Recommender
from retrieval.errors import MissingExtraError


def rank_on_ray(config: BatchConfig, out: Path, shards: Sequence[int], on_users: Callable[[int], object]) -> None:
    """`out` is a folder that every worker sees under this path. A worker that dies is replaced, its shard done again.

    Raises MissingExtraError without Ray.
    """
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise MissingExtraError(
            f"Ray cannot be imported ({err})",
            field="ray",
            value="--ray",
            remedy="Run pip install 'llm-rerank[ray]', or leave --ray out",
        ) from err
    if not shards:
        return
    with ray.init(address=config.ray.address, logging_level=WARNING, log_to_driver=False, include_dashboard=False):
        ray.data.DataContext.get_current().enable_progress_bars = False  # there are ours
        asked = ray.data.from_items([{"shard": shard} for shard in shards], override_num_blocks=len(shards))
        done = asked.map(
            _Worker,
            fn_constructor_args=(config, out.absolute()),
            compute=ray.data.ActorPoolStrategy(size=min(config.ray.workers, len(shards))),
            num_cpus=config.ray.num_cpus,
            num_gpus=config.ray.num_gpus,
        )
        for row in done.iter_rows():
            on_users(int(row["users"]))


class _Worker:
    """An engine of its own, and whatever shards it is given."""

    def __init__(self, config: BatchConfig, out: Path) -> None:
        self._ranker, self._out = ShardRanker(Recommender.open(config.recommend), config), out

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """One shard."""
        users: list[int] = []
        self._ranker.rank(self._out, int(row["shard"]), cancel=Event(), on_users=users.append)
        return {"users": sum(users)}
