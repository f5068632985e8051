"""Shards ranked side by side on Ray: as many engines as there are workers, here or on a cluster's machines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from logging import WARNING
from pathlib import Path
from typing import Any

from llm_rerank.batch.config import BatchConfig, RayConfig
from llm_rerank.batch.shard import ShardRanker
from llm_rerank.recommender import Recommender
from retrieval.errors import ConfigError, EngineError, LlmRerankError, MissingExtraError

Row = dict[str, Any]
"""Of Ray's tables: a shard, how many users of it were ranked, and why none were, where that is so."""


def rank_on_ray(config: BatchConfig, out: Path, shards: Sequence[int], on_users: Callable[[int], object]) -> None:
    """`out` is a folder that every worker sees under this path. A worker that dies is replaced; a shard whose engine
    failed is done again, as long as any is done.

    Raises MissingExtraError without Ray, ConfigError where this machine lacks GPUs, EngineError where no shard could
    be ranked.
    """
    if not shards:
        return
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
    with ray.init(
        address=config.ray.address or "local", logging_level=WARNING, log_to_driver=False, include_dashboard=False
    ):
        ray.data.DataContext.get_current().enable_progress_bars = False  # there are ours
        _require_gpus(config.ray, ray.cluster_resources())
        until_done(shards, partial(_ranked, ray.data, config, out.absolute()), on_users)


def until_done(
    shards: Sequence[int], ranked: Callable[[Sequence[int]], Iterable[Row]], on_users: Callable[[int], object]
) -> None:
    """Has those ranked again that failed, as long as one more is done each time; raises EngineError where none is."""
    while shards:
        failed = {}
        for row in ranked(shards):
            if row["why"]:
                failed[int(row["shard"])] = row["why"]
            else:
                on_users(int(row["users"]))
        if len(failed) == len(shards):
            raise EngineError(f"no worker could rank a shard: {next(iter(failed.values()))}")
        shards = sorted(failed)


def _ranked(data: Any, config: BatchConfig, out: Path, shards: Sequence[int]) -> Iterator[Row]:
    """A row a shard, as they are done."""
    asked = data.from_items([{"shard": shard} for shard in shards], override_num_blocks=len(shards))
    done = asked.map(
        _Worker,
        fn_constructor_args=(config.found_from_anywhere(), out),
        compute=data.ActorPoolStrategy(size=min(config.ray.workers, len(shards))),
        num_cpus=config.ray.num_cpus,
        num_gpus=config.ray.num_gpus,
    )
    yield from done.iter_rows()


def _require_gpus(wanted: RayConfig, there: Mapping[str, float]) -> None:
    """On this machine alone: a cluster may grow."""
    if wanted.address is None and wanted.num_gpus > there.get("GPU", 0):
        raise ConfigError(
            f"a worker wants more GPUs than Ray finds here ({there.get('GPU', 0):g})",
            field="ray.num_gpus",
            value=wanted.num_gpus,
            remedy="Give workers fewer, or name a cluster that has them as ray.address.",
        )


class _Worker:
    """An engine of its own, and whatever shards it is given."""

    def __init__(self, config: BatchConfig, out: Path) -> None:
        self._config, self._out = config, out
        self._ranker: ShardRanker | None = None

    def __call__(self, row: Row) -> Row:
        """One shard: its users, or why there are none."""
        users, shard = list[int](), int(row["shard"])
        try:
            if self._ranker is None:
                self._ranker = ShardRanker(Recommender.open(self._config.recommend), self._config)
            self._ranker.rank(self._out, shard, on_users=users.append)
        except LlmRerankError as err:
            self._let_go()
            return {"shard": shard, "users": 0, "why": str(err)}
        return {"shard": shard, "users": sum(users), "why": ""}

    def _let_go(self) -> None:
        """Of an engine that failed: the next shard has a new one."""
        if self._ranker is not None:
            self._ranker.close()
        self._ranker = None
