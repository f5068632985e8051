"""What a second engine adds: a batch job in one process, in two on halves of its users, and on two Ray workers.

python -m benchmarks.batch.speedup --out docs/results/batch-speedup

The real model, one thread an engine. All ways take turns, several times; other work on the machine shows in the spread.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from time import monotonic
from typing import Any, Final

import torch

from benchmarks.batch.jobs import Command, job_config, made_up_users, write_lines
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import show, stepping
from llm_rerank.batch.config import BatchConfig
from retrieval.errors import LlmRerankError
from retrieval.folder import load_folder

ONE: Final = "one process"
TWO: Final = "two processes, half of the users each"
RAY: Final = "Ray, two workers"
_LONGEST: Final = 24
_SHARDS: Final = 6
_FEW: Final = 2

Rows = Sequence[Mapping[str, Any]]
Way = Callable[[BatchConfig, Rows], float]
"""Ranks these users: the seconds of it all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One way, once."""

    way: str
    users: int
    seconds: float
    """With all the users."""
    starting: float
    """With hardly any."""

    @property
    def rate(self) -> float:
        """Users a second, once it has started."""
        return (self.users - _FEW) / (self.seconds - self.starting)


def ways(root: Path) -> dict[str, Way]:
    """All of them, by name; `root` is for their files."""
    return {
        ONE: lambda config, rows: _side_by_side(root, config, [rows]),
        TWO: lambda config, rows: _side_by_side(root, config, [rows[::2], rows[1::2]]),
        RAY: lambda config, rows: _side_by_side(root, config, [rows], "--ray"),
    }


def _side_by_side(root: Path, config: BatchConfig, parts: Sequence[Rows], *options: str) -> float:
    """A job a part, all at once. Raises EngineError for one that fails."""
    folder = Path(mkdtemp(dir=root))
    files = [write_lines(folder / f"users-{number}.jsonl", iter(rows)) for number, rows in enumerate(parts)]
    commands = [Command.of(config, file, file.with_suffix(""), *options) for file in files]
    begun = monotonic()
    with ExitStack() as jobs:
        for command, process in [(command, jobs.enter_context(command.started())) for command in commands]:
            command.require_done(process)
    return monotonic() - begun


def turn(name: str, way: Way, config: BatchConfig, rows: Rows) -> Turn:
    """With a few users first, one a shard, so that as many engines start."""
    starting = way(config.model_copy(update={"shard_users": 1}), rows[:_FEW])
    return Turn(way=name, users=len(rows), seconds=way(config, rows), starting=starting)


def speedups(turns: Sequence[Turn], way: str) -> list[float]:
    """Against one process in the same repeat."""
    rates = {name: [turn.rate for turn in turns if turn.way == name] for name in (ONE, way)}
    return [one / base for base, one in zip(rates[ONE], rates[way], strict=True)]


def speedup_table(turns: Sequence[Turn]) -> Table:
    """A line a way."""
    rows = []
    for way in (ONE, TWO, RAY):
        own, gained = [turn for turn in turns if turn.way == way], speedups(turns, way)
        rows.append(
            (
                way,
                ", ".join(f"{turn.seconds:.0f}" for turn in own),
                ", ".join(f"{turn.starting:.0f}" for turn in own),
                f"{median(turn.rate for turn in own):.2f}",
                f"{median(gained):.2f}x ({min(gained):.2f} to {max(gained):.2f})",
            )
        )
    return Table(
        title=f"{turns[0].users} users",
        header=("way", "s, each turn", f"s with {_FEW} users, each turn", "users/s once started", "speed-up"),
        rows=tuple(rows),
        notes=(
            "From the start of the command to its end. users/s: the users beyond the few, over the seconds beyond "
            "those that the few take, which are mostly for starting; the median turn. speed-up: of users/s, against "
            "one process in the same turn; the median, and the least and most.",
        ),
    )


def main() -> None:
    """Measures, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch.speedup",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--users", type=int, default=120, help="of the job")
    parser.add_argument("--candidates", type=int, default=30, help="a user")
    parser.add_argument("--repeats", type=int, default=3, help="how often each way has its turn")
    try:
        _report(parser.parse_args())
    except LlmRerankError as err:
        sys.exit(f"benchmarks.batch.speedup: {err}")


def _report(options: argparse.Namespace) -> None:
    config = job_config(
        "transformers", candidates=options.candidates, shard_users=max(1, options.users // _SHARDS), users_at_once=8
    )
    about = machine(
        shlex.join(["python", "-m", "benchmarks.batch.speedup", *sys.argv[1:]]),
        torch.device("cpu"),
        model=f"{config.recommend.model}, {config.recommend.adapter}",
        lists=f"{options.candidates} candidates, up to {_LONGEST} purchases; one thread an engine",
        ray=version("ray"),
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    items = [item.item_id for item in load_folder(config.recommend.shop).catalogue]
    rows = list(made_up_users(items, options.users, longest=_LONGEST, seed=0))
    with TemporaryDirectory() as folder, stepping(3 * options.repeats) as on_step:
        turns = []
        for name, way in options.repeats * list(ways(Path(folder)).items()):
            on_step(name)
            turns.append(turn(name, way, config, rows))
    table = speedup_table(turns)
    show([table])
    write_report(options.out, "Batch jobs on two engines", [table], about, {"turns": [asdict(one) for one in turns]})


if __name__ == "__main__":
    main()
