"""On Ray, with two workers of this machine, the files are those of one process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.batch.config import BatchConfig, RayConfig
from llm_rerank.batch.on_ray import rank_on_ray
from retrieval.errors import ConfigError, EngineError


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # Ray's of Ray
def test_two_workers_write_what_one_process_does(run: Callable[..., Any], counts: Any, tmp_path: Path) -> None:
    run(tmp_path / "here")
    counts.ranked.clear()
    run(tmp_path / "ray", rank_on_ray)
    assert sum(counts.ranked) == counts.of == 12
    of_both = [{path.name: path.read_bytes() for path in (tmp_path / name).glob("*.*")} for name in ("here", "ray")]
    assert of_both[0] == of_both[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_worker_that_cannot_begin_says_why(run: Callable[..., Any], config: BatchConfig, tmp_path: Path) -> None:
    def moved_away(config: BatchConfig, out: Path, shards: Any, on_users: Any) -> None:
        elsewhere = config.recommend.model_copy(update={"shop": tmp_path / "gone"})
        rank_on_ray(config.model_copy(update={"recommend": elsewhere}), out, shards, on_users)

    with pytest.raises(EngineError, match=r"no worker could rank a shard: .*gone"):
        run(tmp_path / "ray", moved_away)


def test_a_gpu_that_is_not_there_is_not_waited_for(run: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more GPUs than Ray finds here"):
        run(tmp_path / "ray", rank_on_ray, ray=RayConfig(num_gpus=1))
