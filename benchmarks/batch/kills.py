"""A batch job killed with kill -9 again and again, and its files beside those of a job that nobody disturbed.

python -m benchmarks.batch.kills --out docs/results/batch-kills

Made-up users of the demo shop, some rows of which nothing can come; with the stand-in engine and with the real model.
What is killed is the whole process group of `llm-rerank batch`, at moments drawn beforehand: as it reads, as it ranks,
as it finishes, and as it clears up. Exit status 1 where a promise is not kept.
"""

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final

import pyarrow.parquet as pq
import torch

from benchmarks.batch.jobs import Command, job_config, kill, made_up_users, write_lines
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show
from eval.promise import Promise
from llm_rerank.engines.base import Kind
from retrieval.alone import LOCK
from retrieval.errors import LlmRerankError
from retrieval.folder import load_folder
from retrieval.manifest import MANIFEST
from retrieval.once import WORK

PHASES: Final = ("reading", "ranking", "finishing", "clearing")
_LOOK_SECONDS: Final = 0.005
_LONGEST: Final = 8
_BAD: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When to kill: so long after a phase has begun, and in ranking after so many shards are there."""

    phase: str
    shards: int = 0
    share: float = 0.0
    """Of the time that the phase takes undisturbed, or in ranking one shard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Killed:
    """One kill, as it was found to be."""

    phase: str
    """In which the folder was."""
    shards: int
    """That were there."""
    seconds: float
    """Since this run was started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One engine's two jobs."""

    engine: str
    undisturbed: float
    """Seconds."""
    disturbed: float
    kills: tuple[Killed, ...]
    different: tuple[str, ...]
    """Files that are not the same to the byte."""
    users: int
    """That the file names and of whom something can come."""
    lost: int
    twice: int


def moments(kills: int, shards: int, dice: Random) -> list[Moment]:
    """A fifth as it reads, a fifth as it finishes, one as it clears up, all others as it ranks."""
    fifth = kills // 5
    reading = [Moment(phase="reading", share=dice.random()) for _ in range(fifth)]
    done = sorted(dice.choices(range(shards), k=kills - 2 * fifth - 1))
    ranking = [Moment(phase="ranking", shards=count, share=dice.random()) for count in done]
    finishing = [Moment(phase="finishing", share=0.9 * dice.random()) for _ in range(fifth)]
    return [*reading, *ranking, *finishing, Moment(phase="clearing")]


def phase(out: Path, shards: int) -> str:
    """Where a job is, by what it has written; nothing before it reads."""
    if (out / MANIFEST).exists():
        return "clearing"
    if not (out / WORK / "begun.json").exists():
        return ""
    if not (out / WORK / "split.json").exists():
        return "reading"
    return "ranking" if shards_of(out) < shards else "finishing"


def shards_of(out: Path) -> int:
    """How many of its shards are ranked."""
    return sum(path.name.startswith("rankings-") for path in out.iterdir())


def undisturbed(command: Command, shards: int) -> dict[str, float]:
    """Runs it: the seconds of each phase, of what is before the first by no name."""
    seen = {"": monotonic()}
    with command.started() as process:
        while process.poll() is None:
            seen.setdefault(phase(command.out, shards), monotonic())
            sleep(_LOOK_SECONDS)
        command.require_done(process)
    times = [*seen.items(), ("", monotonic())]
    return {name: after - before for (name, before), (_, after) in pairwise(times)}


def killed_at(command: Command, moment: Moment, shards: int, seconds: Mapping[str, float]) -> Killed | None:
    """Starts it and kills it then; None for one that had ended before. Raises EngineError for one that fails."""
    begun = monotonic()
    with command.started() as process:
        while process.poll() is None and not _reached(command.out, moment, shards):
            sleep(_LOOK_SECONDS)
        sleep(moment.share * seconds.get(moment.phase, 0.0) / (shards if moment.phase == "ranking" else 1))
        found = Killed(phase=phase(command.out, shards), shards=shards_of(command.out), seconds=monotonic() - begun)
        if kill(process):
            return found
        command.require_done(process)
    return None


def _reached(out: Path, moment: Moment, shards: int) -> bool:
    now = phase(out, shards)
    return now == moment.phase and (now != "ranking" or shards_of(out) >= moment.shards)


def compared(ended: Path, whole: Path) -> tuple[str, ...]:
    """The files of which one folder has other bytes than the other, or none."""
    one, other = (_files(folder) for folder in (ended, whole))
    return tuple(sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name)))


def _files(folder: Path) -> dict[str, bytes]:
    """All but the lock, which is no result."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK
    }


def counted(out: Path) -> Counter[str]:
    """How often each user has a ranking."""
    tables = (pq.read_table(path, columns=["user_id"]) for path in sorted(out.glob("rankings-*.parquet")))
    return Counter(name for table in tables for name in table["user_id"].to_pylist())


def rows_of(items: Sequence[str], users: int, seed: int) -> Iterator[Mapping[str, Any]]:
    """Users, and among them rows of which nothing can come: one named before, and an item that there is not."""
    for number, user in enumerate(made_up_users(items, users, longest=_LONGEST, seed=seed)):
        yield user
        if number % (users // _BAD) == 0:
            yield user if number % 2 else {"user_id": f"bad-{number}", "item_ids": ["no such item"]}


def tried(engine: Kind, folder: Path, items: Sequence[str], users: int, options: argparse.Namespace) -> Tried:
    """Both jobs of one engine."""
    config = job_config(engine, candidates=options.candidates, shard_users=max(1, users // options.shards))
    file = write_lines(folder / f"{engine}.jsonl", rows_of(items, users, options.seed))
    whole, again = (Command.of(config, file, folder / f"{engine}-{name}") for name in ("whole", "killed"))
    shards = -(-(users + _BAD // 2) // config.shard_users)
    seconds = undisturbed(whole, shards)
    console.print(f"{engine}: undisturbed { ({name: round(took, 2) for name, took in seconds.items()}) }")
    begun, kills = monotonic(), list[Killed]()
    for moment in moments(options.kills, shards, Random(options.seed)):
        if found := killed_at(again, moment, shards, seconds):
            kills.append(found)
            console.print(f"{engine}: killed {found.phase or 'starting'}, {found.shards} of {shards} shards there")
    with again.started() as process:
        again.require_done(process)
    names, known = counted(again.out), {f"user-{number}" for number in range(users)}
    return Tried(
        engine=engine,
        undisturbed=sum(seconds.values()),
        disturbed=monotonic() - begun,
        kills=tuple(kills),
        different=compared(again.out, whole.out),
        users=users,
        lost=len(known - names.keys()),
        twice=sum(count > 1 for count in names.values()),
    )


def kill_promises(found: Sequence[Tried], kills: int) -> list[Promise]:
    """As many kills as were asked for, in every phase, and nothing to be seen of them."""
    return [
        promise
        for one in found
        for promise in (
            Promise(name=f"kills, {one.engine}", sense="at least", limit=kills, measured=len(one.kills)),
            Promise(
                name=f"phases with a kill, {one.engine}",
                sense="at least",
                limit=3,
                measured=len({killed.phase for killed in one.kills} & set(PHASES[:3])),
            ),
            _none(f"files that differ from the undisturbed job's, {one.engine}", len(one.different)),
            _none(f"users lost, of {one.users}, {one.engine}", one.lost),
            _none(f"users ranked twice, {one.engine}", one.twice),
        )
    ]


def _none(name: str, measured: int) -> Promise:
    return Promise(name=name, sense="at most", limit=0, measured=measured)


def jobs_table(found: Sequence[Tried]) -> Table:
    """A line an engine."""
    return Table(
        title="A job killed again and again",
        header=("engine", "users", *(f"kills in {name}" for name in PHASES), "s undisturbed", "s with kills", "differ"),
        rows=tuple(
            (
                one.engine,
                str(one.users),
                *(str(sum(killed.phase == name for killed in one.kills)) for name in PHASES),
                f"{one.undisturbed:.0f}",
                f"{one.disturbed:.0f}",
                str(len(one.different)),
            )
            for one in found
        ),
        notes=(
            "Phases by what lies in the folder at the kill; reading begins when the program and the model's files are "
            "checked, ranking includes the loading of the model. s with kills: all starts together.",
        ),
    )


def kills_table(found: Sequence[Tried]) -> Table:
    """A line a kill."""
    return Table(
        title="The kills",
        header=("engine", "kill", "phase", "shards there", "s since the start"),
        rows=tuple(
            (one.engine, str(number), killed.phase, str(killed.shards), f"{killed.seconds:.2f}")
            for one in found
            for number, killed in enumerate(one.kills, start=1)
        ),
    )


def main() -> None:
    """Kills, compares, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch.kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--fake", type=int, default=2000, help="users of the stand-in engine's job")
    parser.add_argument(
        "--transformers", type=int, default=500, help="users of the real model's, which takes a second each; 0: none"
    )
    parser.add_argument("--candidates", type=int, default=5, help="a user")
    parser.add_argument("--kills", type=int, default=20, help="of each job")
    parser.add_argument("--shards", type=int, default=100, help="of each job")
    parser.add_argument("--seed", type=int, default=0, help="of users and moments")
    options = parser.parse_args()
    try:
        if not _report(options):
            sys.exit("benchmarks.batch.kills: a promise is not kept")
    except LlmRerankError as err:
        sys.exit(f"benchmarks.batch.kills: {err}")


def _report(options: argparse.Namespace) -> bool:
    """Whether every promise is kept."""
    config = job_config("transformers", candidates=options.candidates).recommend
    about = machine(
        shlex.join(["python", "-m", "benchmarks.batch.kills", *sys.argv[1:]]),
        torch.device("cpu"),
        model_of_transformers=f"{config.model}, {config.adapter}",
        candidates=f"{options.candidates} a user",
        shards=f"{options.shards} a job",
        seed=options.seed,
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    items = [item.item_id for item in load_folder(config.shop).catalogue]
    jobs: tuple[tuple[Kind, int], ...] = (("fake", options.fake), ("transformers", options.transformers))
    with TemporaryDirectory() as folder:
        found = [tried(engine, Path(folder), items, users, options) for engine, users in jobs if users]
    promises = kill_promises(found, options.kills)
    tables = (promise_table(promises), jobs_table(found), kills_table(found))
    show(tables)
    raw = {"jobs": [asdict(one) for one in found]}
    write_report(options.out, "Batch jobs that are killed", tables, about, raw, promises=promises)
    return all(promise.verdict == "met" for promise in promises)


if __name__ == "__main__":
    main()
