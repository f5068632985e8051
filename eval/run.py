"""One benchmark, from its configuration to its run folder.

    python -m eval.run --config configs/eval/beauty.yaml

The folder holds the configuration, every system's rankings and per-user figures as Parquet, metrics.json and a report.
A finished run is only shown; an interrupted one goes on with the first system that has no rankings yet.
"""

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from eval.answers import Answers, ask
from eval.code import changed, code_in_use, whole_code
from eval.config import EvalConfig, SystemConfig
from eval.data import load_benchmark
from eval.data.base import Counts
from eval.environment import device, today, versions
from eval.measuring import Asked, Measure
from eval.pages.page import write_page
from eval.pages.tables import results_table
from eval.protocol import Protocol
from eval.result import Result
from eval.systems import KEPT, Systems
from retrieval.catalogue import Catalogue
from retrieval.config import read_config
from retrieval.differences import differences
from retrieval.errors import BuildError, LlmRerankError
from retrieval.files import read_json, write_json, write_whole

PLAN, RESULT, REPORT = "run.json", "metrics.json", "report.html"
_MOST = 3  # differences shown


class Run:
    """One configuration and the folder that its results fill."""

    def __init__(self, config: EvalConfig, folder: Path, command: str, kept: Path = KEPT) -> None:
        """Raises BuildError for a folder of another configuration or of other code, or with something else in it."""
        self._config, self._folder, self._command, self._kept = config, folder, command, kept
        if not (folder / RESULT).exists():
            self._claim()

    def result(self, progress: Progress) -> Result:
        """What was found: read where the run is finished, measured where it is not."""
        if not (self._folder / RESULT).exists():
            self._measure(progress)
        return finished(self._folder, self._config)

    def _claim(self) -> None:
        """Makes the folder this run's own."""
        plan = {"config": self._config.model_dump(mode="json"), "code": whole_code()}
        if (self._folder / PLAN).exists():
            _same(read_json(self._folder / PLAN), plan, self._folder)
        elif self._folder.exists() and any(self._folder.iterdir()):
            raise BuildError(
                "this is no run folder",
                field="out",
                value=str(self._folder),
                remedy="Give another folder, or clear it.",
            )
        else:
            write_json(self._folder / PLAN, plan)

    def _measure(self, progress: Progress) -> None:
        config = self._config
        benchmark = load_benchmark(config.data, config.counts)
        catalogue, protocol = benchmark.shop.catalogue, Protocol(config.protocol, benchmark)
        systems = Systems(config, catalogue, protocol.split.train, progress, self._kept)
        measure = Measure(protocol, catalogue, systems.vectors, config.cutoffs, config.headline)
        asked: dict[str, Asked] = {}
        tables: dict[str, pd.DataFrame] = {}
        for system in config.systems:
            asked[system.name] = self._ask(system, systems, protocol, catalogue, progress)
            tables[system.name] = measure.table(asked[system.name])
            self._write_users(system.name, protocol.users, tables[system.name])
        found = [measure.system(name, asked[name], tables) for name in progress.track(asked, description="measuring")]
        result = Result(
            benchmark=config.benchmark,
            title=config.title,
            part=config.protocol.part,
            protocol=protocol.rules,
            counts=Counts.of(benchmark.shop).model_dump(),
            config=config.model_dump(mode="json"),
            command=self._command,
            device=device(),
            versions=versions(),
            date=today(),
            code=code_in_use(),
            goals=list(config.goals),
            systems=sorted(found, key=lambda one: -one.metrics[config.headline].mean),
        )
        write_page(result, self._folder / REPORT)
        write_json(self._folder / RESULT, result.to_json())

    def _ask(
        self, system: SystemConfig, systems: Systems, protocol: Protocol, catalogue: Catalogue, progress: Progress
    ) -> Asked:
        answers: dict[int, Answers] = {}
        fitted = {}
        for seed in system.seeds:
            name = f"{system.name}, seed {seed}" if len(system.seeds) > 1 else system.name
            fitted[seed] = systems.open(system, seed)
            path = self._folder / "rankings" / f"{system.name}-{seed}.parquet"
            if not path.exists():
                users = progress.track(protocol.users, description=f"{name}: ranking")
                retriever = fitted[seed].retriever
                ask(system.name, retriever, protocol, users, catalogue, self._config.depth).write(path)
            answers[seed] = Answers.read(path)
        return Asked(answers=answers, fitted=fitted)

    def _write_users(self, name: str, users: tuple[str, ...], table: pd.DataFrame) -> None:
        frame = table.assign(user_id=[user.encode("utf-8", "surrogatepass") for user in users])
        write_whole(self._folder / "users" / f"{name}.parquet", frame.to_parquet)


def finished(folder: Path, config: EvalConfig | None = None) -> Result:
    """The result of a finished run; raises BuildError where the configuration or the code is no longer the same."""
    result = Result.model_validate(read_json(folder / RESULT))
    if config is not None:
        _same({"config": result.config}, {"config": config.model_dump(mode="json")}, folder)
    if stale := changed(result.code):
        raise BuildError(
            f"this run was made before {', '.join(stale[:_MOST])} changed",
            field="out",
            value=str(folder),
            remedy="Measure again with --overwrite, or give another --out.",
        )
    return result


def _same(before: dict[str, Any], now: dict[str, Any], folder: Path) -> None:
    if different := differences(before, now):
        raise BuildError(
            f"this run folder is of another configuration or of other code: {different}",
            field="out",
            value=str(folder),
            remedy="Give another --out, or measure again with --overwrite.",
        )


def overwrite(folder: Path) -> None:
    """Deletes a run folder; raises BuildError for one that no run wrote."""
    if folder.exists():
        if not (folder / PLAN).exists():
            raise BuildError(
                "this is no run folder",
                field="out",
                value=str(folder),
                remedy="Give another one, or clear it yourself.",
            )
        shutil.rmtree(folder)


def main() -> None:
    """Runs or shows one benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/eval/")
    parser.add_argument("--out", type=Path, help="the run folder (default: var/eval/runs/BENCHMARK-PART)")
    parser.add_argument("--overwrite", action="store_true", help="measure again what is there")
    given = parser.parse_args()
    config = read_config(given.config, EvalConfig)
    folder = given.out or KEPT / "runs" / f"{config.benchmark}-{config.protocol.part}"
    if given.overwrite:
        overwrite(folder)
    command = shlex.join(["python", "-m", "eval.run", "--config", str(given.config)])
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        result = Run(config, folder, command).result(progress)
    print(results_table(result))
    print(f"Report: {folder / REPORT}")


if __name__ == "__main__":
    try:
        main()
    except LlmRerankError as err:
        sys.exit(f"eval.run: {err}")
    except KeyboardInterrupt:
        sys.exit("eval.run: stopped; what was finished is kept")
