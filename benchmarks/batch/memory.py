"""Resident memory of a batch job with the stand-in engine, whatever the number of its users and their histories.

python -m benchmarks.batch.memory --out docs/results/batch-memory

`llm-rerank batch` on the demo shop in a process of its own, which is looked at while it works. Exit status 1 where a
promise is not kept.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final

import psutil
import torch

from benchmarks.batch.jobs import Command, job_config, made_up_users, write_lines
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show
from eval.promise import Promise
from llm_rerank.batch.config import BatchConfig
from retrieval.errors import LlmRerankError
from retrieval.folder import load_folder

_CANDIDATES: Final = 2
_RETRIEVED: Final = 10
_LONGEST: Final = 5
_GIGABYTE: Final = 1e9
_POINTS: Final = (0.1, 0.25, 0.5, 0.75, 1.0)
_MANY: Final = "20 users with 100,000 dated interactions each"
_LINES: Final = "5 users with 1,000,000 interactions each, 5 lines of 50 MB"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """One job, looked at as it worked."""

    users: str
    """Who they are."""
    seconds: float
    resident: tuple[tuple[float, int], ...]
    """Bytes of the process and all that it started, by seconds since the start."""
    peak: int
    """Bytes, as the kernel remembers them."""

    def at(self, share: float) -> int:
        """Resident when that share of its time had passed."""
        return [there for then, there in self.resident if then <= max(share * self.seconds, self.resident[0][0])][-1]


def looked_at(command: Command, users: str, *, every: float) -> Remembered:
    """Runs it; raises EngineError for a job that fails."""
    seen: list[tuple[float, int]] = []
    peak, begun = 0, monotonic()
    with command.started() as process:
        while process.poll() is None:
            resident, highest = memory_of(process)
            seen.append((monotonic() - begun, resident))
            peak = max(peak, highest)
            sleep(every)
        command.require_done(process)
    return Remembered(users=users, seconds=monotonic() - begun, resident=tuple(seen), peak=peak)


def memory_of(process: psutil.Process) -> tuple[int, int]:
    """Bytes of it and of all that it started: now, and the sum of what each had at most."""
    both = [_of_one(one) for one in (process, *process.children(recursive=True))]
    return sum(now for now, _ in both), sum(most for _, most in both)


def _of_one(process: psutil.Process) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # it has just ended
        return 0, 0
    kilobytes = {name: int(value.split()[0]) for name, value in (line.split(":", 1) for line in lines) if "kB" in value}
    return 1024 * kilobytes.get("VmRSS", 0), 1024 * kilobytes.get("VmHWM", 0)


def long_histories(items: list[str]) -> Iterator[Mapping[str, Any]]:
    """20 users who did more than is ever read, and said when."""
    for number in range(20):
        days = ({"item_id": items[day % len(items)], "timestamp": _day(day)} for day in range(100_000))
        yield {"user_id": f"user-{number}", "history": list(days)}


def long_lines(items: list[str]) -> Iterator[Mapping[str, Any]]:
    """As many interactions as a row may have, and lines that are longer than any may be."""
    for number in range(5):
        yield {"user_id": f"user-{number}", "history": [1] * 1_000_000}
        yield {"user_id": f"too-long-{number}", "history": items[:1] * 5_000_000}


def _day(day: int) -> str:
    return f"{1900 + day // 1000}-{1 + day // 100 % 10:02}-{1 + day // 10 % 10:02}T00:00:0{day % 10}Z"


def memory_promises(found: list[Remembered]) -> list[Promise]:
    """Below 4 GB, whoever they are."""
    return [
        Promise(
            name=f"peak resident memory, {one.users}", sense="below", limit=4, measured=one.peak / _GIGABYTE, unit="GB"
        )
        for one in found
    ]


def memory_table(found: list[Remembered]) -> Table:
    """A line a job."""
    return Table(
        title="Resident memory as the job goes on, GB",
        header=("users", "seconds", "peak", *(f"at {share:.0%}" for share in _POINTS)),
        rows=tuple(
            (
                one.users,
                f"{one.seconds:.0f}",
                f"{one.peak / _GIGABYTE:.2f}",
                *(f"{one.at(share) / _GIGABYTE:.2f}" for share in _POINTS),
            )
            for one in found
        ),
        notes=(
            f"at: when that share of the time had passed. peak: the kernel's own figure. Made-up users with up to "
            f"{_LONGEST} purchases; one in {_RETRIEVED} has {_CANDIDATES} candidates of retrieval's, the others name "
            f"{_CANDIDATES} items, which is quicker. Lines beyond the longest that is read are rejected.",
        ),
    )


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000], help="of a job")
    parser.add_argument("--every", type=float, default=0.5, help="seconds between looks")
    options = parser.parse_args()
    try:
        if not _report(options):
            sys.exit("benchmarks.batch.memory: a promise is not kept")
    except LlmRerankError as err:
        sys.exit(f"benchmarks.batch.memory: {err}")


def _report(options: argparse.Namespace) -> bool:
    """Whether every promise is kept."""
    config = job_config("fake", candidates=_CANDIDATES, users_at_once=64)
    shop = load_folder(config.recommend.shop)
    about = machine(
        shlex.join(["python", "-m", "benchmarks.batch.memory", *sys.argv[1:]]),
        torch.device("cpu"),
        shop=f"{len(shop.catalogue)} items, {len(shop.log)} interactions",
        engine="the stand-in, which has no model",
        shards=f"of {config.shard_users} users, {config.users_at_once} at once",
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    items = [item.item_id for item in shop.catalogue]
    with TemporaryDirectory() as folder:
        found = [_told(one) for one in _jobs(config, items, Path(folder), options)]
    promises = memory_promises(found)
    tables = (promise_table(promises), memory_table(found))
    show(tables)
    raw = {"jobs": [{"users": one.users, "peak": one.peak, "resident": one.resident[::20]} for one in found]}
    write_report(options.out, "Memory of batch jobs", tables, about, raw, promises=promises)
    return all(promise.verdict == "met" for promise in promises)


def _jobs(config: BatchConfig, items: list[str], folder: Path, options: argparse.Namespace) -> Iterator[Remembered]:
    for name, rows in ((_MANY, long_histories(items)), (_LINES, long_lines(items))):
        yield _run(config, folder / name[:8], name, rows, options.every)
    for count in options.users:
        rows = made_up_users(items, count, longest=_LONGEST, seed=0, retrieved=_RETRIEVED, named=_CANDIDATES)
        yield _run(config, folder / str(count), f"{count:,} users", rows, options.every)


def _run(config: BatchConfig, place: Path, name: str, rows: Iterator[Mapping[str, Any]], every: float) -> Remembered:
    users = write_lines(place.with_suffix(".jsonl"), rows)
    return looked_at(Command.of(config, users, place), name, every=every)


def _told(one: Remembered) -> Remembered:
    console.print(f"{one.users}: {one.seconds:.0f} s, at most {one.peak / _GIGABYTE:.2f} GB")
    return one


if __name__ == "__main__":
    main()
