"""Users a second of a batch job against the bare engine on the very same prompts, in turns, in one process.

python -m benchmarks.batch.throughput --out docs/results/batch-throughput

The job is all of it but for the loading of the model: reading, retrieval, tokens, scoring, writing. The engine is given
the job's own calls, which were written down before with nothing scored: that also says how fast all else is. Exit
status 1 where a promise is not kept.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.batch.jobs import job_config, made_up_users, write_lines
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import show, stepping
from eval.promise import Promise
from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.job import Job
from llm_rerank.batch.shard import ShardRanker
from llm_rerank.config import EngineConfig
from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest
from llm_rerank.recommender import Recommender
from retrieval.errors import LlmRerankError
from retrieval.files import read_json
from retrieval.folder import BuiltShop, load_folder

_ON_GPU: Final = Path("docs/results/packed-scoring-gpu/raw.json")
_GPU_HISTORY: Final = 20
_LONGEST: Final = 24
_HOUR: Final = 3600


class Unscored:
    """An engine that scores nothing, and keeps what it was asked."""

    name = "unscored"

    def __init__(self) -> None:
        self.calls: list[tuple[ScoringRequest, ...]] = []

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: nothing is likelier than anything."""
        self.calls.append(tuple(requests))
        return tuple(np.zeros((len(one.continuations), len(one.labels)), np.float32) for one in requests)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate: nothing is written."""
        return iter(())

    def close(self) -> None:
        """See Engine.close: there is nothing to let go of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """The same users, by all ways, in seconds."""

    users: int
    tokens: int
    """Of all their lists."""
    job: float
    engine: float
    unscored: float
    """The job with nothing scored."""

    @property
    def share(self) -> float:
        """The job's throughput over the engine's."""
        return self.engine / self.job


class Bench:
    """One open shop, ranked for with the model and with nothing scored; neither knows a title from the other."""

    def __init__(self, shop: BuiltShop, config: BatchConfig, folder: Path) -> None:
        self._config, self._folder, self._jobs = config, folder, 0
        self._scored = Recommender.for_shop(shop, config.recommend)
        stand_in = config.recommend.model_copy(update={"engine": EngineConfig(kind="fake")})
        self._unscored = Recommender.for_shop(shop, stand_in)

    def round(self, users: Path, *, engine_first: bool) -> Round:
        """All ways, the job's or the engine's first."""
        unscored = self._unscored.reranker.engine = Unscored()
        of_all_else = self._job(self._unscored, users)
        ways = {"job": lambda: self._job(self._scored, users), "engine": lambda: self._bare(unscored.calls)}
        taken = {way: ways[way]() for way in sorted(ways, reverse=not engine_first)}
        asked = [request for call in unscored.calls for request in call]
        return Round(users=len(asked), tokens=sum(one.tokens for one in asked), unscored=of_all_else, **taken)

    def _job(self, recommender: Recommender, users: Path) -> float:
        self._jobs += 1
        job = Job(config=self._config, users=users, out=self._folder / f"job-{self._jobs}")
        begun = perf_counter()
        job.run(partial(_rank, recommender), _Silent())
        return perf_counter() - begun

    def _bare(self, calls: Sequence[Sequence[ScoringRequest]]) -> float:
        begun = perf_counter()
        for call in calls:
            self._scored.reranker.engine.score(call)
        return perf_counter() - begun


def _rank(
    recommender: Recommender, config: BatchConfig, out: Path, shards: Sequence[int], on_users: Callable[[int], object]
) -> None:
    """As rank_here does, with what is open already."""
    ranker = ShardRanker(recommender, config)
    for shard in shards:
        ranker.rank(out, shard, on_users=on_users)


class _Silent:
    def reads(self, users: int) -> None: ...

    def ranks(self, users: int, *, of: int) -> None: ...


def gpu_tokens_per_second(published: dict[str, Any]) -> float:
    """Of packed lists, many users a call, by the published measurement."""
    most = max(published["users"], key=lambda one: one["users"])
    tokens = next(
        cell["packed_tokens"]
        for cell in published["cells"]
        if (cell["k"], cell["history"]) == (most["k"], _GPU_HISTORY)
    )
    return float(most["users"] * tokens / median(most["taken"]))


def throughput_promises(rounds: Sequence[Round]) -> list[Promise]:
    """The middle one of the rounds."""
    share = median(one.share for one in rounds)
    return [Promise(name="throughput of a job, share of the engine's", sense="at least", limit=0.9, measured=share)]


def rounds_table(rounds: Sequence[Round]) -> Table:
    """A line a round."""
    return Table(
        title="Users a second",
        header=("round", "users", "tokens a list", "engine", "job", "share", "job with nothing scored"),
        rows=tuple(
            (
                str(number),
                str(one.users),
                f"{one.tokens / one.users:.0f}",
                f"{one.users / one.engine:.2f}",
                f"{one.users / one.job:.2f}",
                f"{one.share:.1%}",
                f"{one.users / one.unscored:.0f}",
            )
            for number, one in enumerate(rounds, start=1)
        ),
        notes=(
            "engine: Engine.score, given the job's own calls. job: the users' file, retrieval, tokens, scoring, the "
            "rankings' files and the manifest; the model and the shop are loaded already in both. Who begins changes "
            "from round to round. No two rounds have the same users.",
        ),
    )


def gpu_table(rounds: Sequence[Round], published: dict[str, Any]) -> Table:
    """What these jobs would come to on the published GPU: calculated."""
    rate, users = gpu_tokens_per_second(published), sum(one.users for one in rounds)
    tokens = sum(one.tokens for one in rounds) / users
    scored, fed = rate / tokens, users / sum(one.unscored for one in rounds)
    share = min(1.0, median(one.share for one in rounds))
    device = published["about"]["device"]
    return Table(
        title=f"Users an hour on one {device}: calculated, not measured",
        header=("what is counted", "users an hour"),
        rows=(
            ("the GPU's scoring alone", f"{_HOUR * scored:,.0f}"),
            ("times the share above", f"{_HOUR * scored * share:,.0f}"),
            ("what one process of this machine feeds it, with nothing scored", f"{_HOUR * fed:,.0f}"),
            ("a job of one process: the lesser of the last two", f"{_HOUR * min(scored * share, fed):,.0f}"),
        ),
        notes=(
            f"The GPU's scoring: {rate:,.0f} tokens a second with many users a call, as measured in {_ON_GPU.parent}, "
            f"over {tokens:.0f} tokens a list here. Neither a job nor these lists have been run on such a GPU. Several "
            "processes can share one (`ray.num_gpus: 0.25`), where one does not feed it.",
        ),
    )


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--users", type=int, default=48, help="of a round")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way has its turn")
    parser.add_argument("--candidates", type=int, default=30, help="a user")
    parser.add_argument("--threads", type=int, default=1, help="of the model")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    try:
        if not _report(options):
            sys.exit("benchmarks.batch.throughput: a promise is not kept")
    except LlmRerankError as err:
        sys.exit(f"benchmarks.batch.throughput: {err}")


def _report(options: argparse.Namespace) -> bool:
    """Whether every promise is kept."""
    config = job_config("transformers", candidates=options.candidates)
    about = machine(
        shlex.join(["python", "-m", "benchmarks.batch.throughput", *sys.argv[1:]]),
        torch.device("cpu"),
        model=f"{config.recommend.model}, {config.recommend.adapter}",
        lists=f"{options.candidates} candidates, up to {_LONGEST} purchases, {config.users_at_once} users a call",
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    with TemporaryDirectory() as folder:
        rounds = _rounds(config, Path(folder), options)
    promises = throughput_promises(rounds)
    tables = (promise_table(promises), rounds_table(rounds), gpu_table(rounds, read_json(_ON_GPU)))
    show(tables)
    raw = {"rounds": [asdict(one) for one in rounds]}
    write_report(options.out, "Throughput of batch jobs", tables, about, raw, promises=promises)
    return all(promise.verdict == "met" for promise in promises)


def _rounds(config: BatchConfig, folder: Path, options: argparse.Namespace) -> list[Round]:
    """The first is not counted: it warms up."""
    shop = load_folder(config.recommend.shop)
    items = [item.item_id for item in shop.catalogue]
    everybody = made_up_users(items, (1 + options.rounds) * options.users, longest=_LONGEST, seed=0)
    bench, rounds = Bench(shop, config, folder), list[Round]()
    with stepping(1 + options.rounds) as on_step:
        for number in range(1 + options.rounds):
            on_step("warming up" if number == 0 else f"round {number}")
            users = write_lines(folder / f"users-{number}.jsonl", islice(everybody, options.users))
            rounds.append(bench.round(users, engine_first=bool(number % 2)))
    return rounds[1:]


if __name__ == "__main__":
    main()
