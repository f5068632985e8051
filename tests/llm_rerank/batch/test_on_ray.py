"""On Ray, with two workers of this machine, the files are those of one process."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from llm_rerank.batch.config import BatchConfig, RayConfig
from llm_rerank.batch.on_ray import rank_on_ray, until_done
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
def test_a_worker_that_is_killed_is_replaced(run: Callable[..., Any], tmp_path: Path) -> None:
    users, killed = tmp_path / "many.jsonl", list[int]()
    users.write_text("\n".join(f'{{"user_id": "{number}", "history": ["tea"]}}' for number in range(800)))

    def kill_one(config: BatchConfig, out: Path, shards: Any, on_users: Any) -> None:
        def once(ranked: int) -> None:
            if not killed:
                ours = psutil.Process().children(recursive=True)
                worker = next(one for one in ours if one.name().startswith("ray::MapWorker"))
                killed.append(worker.pid)
                worker.kill()
            on_users(ranked)

        rank_on_ray(config, out, shards, once)

    run(tmp_path / "here", of=users)
    run(tmp_path / "ray", kill_one, of=users)
    assert killed
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


class Engines:
    """Of which each shard in `fails` fails as often as that says."""

    def __init__(self, **fails: int) -> None:
        self.fails, self.asked = {int(name[1:]): times for name, times in fails.items()}, list[list[int]]()

    def rank(self, shards: Sequence[int]) -> Iterator[dict[str, Any]]:
        self.asked.append(list(shards))
        for shard in shards:
            self.fails[shard] = self.fails.get(shard, 0) - 1
            failed = self.fails[shard] >= 0
            yield {"shard": shard, "users": 0 if failed else 4, "why": "it died" if failed else ""}


def test_what_failed_is_ranked_again_as_long_as_anything_is() -> None:
    engines, done = Engines(s1=1, s2=2), list[int]()
    until_done([0, 1, 2], engines.rank, done.append)
    assert (engines.asked, done) == ([[0, 1, 2], [1, 2], [2]], [4, 4, 4])


def test_where_nothing_more_is_ranked_it_ends_and_says_why() -> None:
    engines = Engines(s1=2, s2=2)
    with pytest.raises(EngineError, match="no worker could rank a shard: it died"):
        until_done([0, 1, 2], engines.rank, lambda _: None)
    assert engines.asked == [[0, 1, 2], [1, 2]]
