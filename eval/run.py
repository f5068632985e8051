"""One benchmark, from its configuration to its run folder.

    python -m eval.run --config configs/eval/beauty.yaml

The folder holds the configuration, every system's rankings and per-user figures as Parquet, metrics.json and a report.
A finished run is only shown; an interrupted one goes on with the first system that has no rankings yet.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.progress import Progress

from eval.answers import Answers, ask
from eval.code import changed, code_in_use, whole_code
from eval.config import EvalConfig, SystemConfig
from eval.data import load_benchmark
from eval.data.base import Counts
from eval.environment import device, today, versions
from eval.finished import RESULT, read_result, write_users
from eval.measuring import Asked, Measure
from eval.pages.page import write_page
from eval.protocol import Protocol
from eval.result import Result
from eval.systems import KEPT, Systems
from retrieval.catalogue import Catalogue
from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import read_json, write_json

PLAN, REPORT = "run.json", "report.html"
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
        result = read_result(self._folder)
        _same({"config": result.config}, {"config": self._config.model_dump(mode="json")}, self._folder)
        _check_code(result, self._folder)
        return result

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
            write_users(self._folder, system.name, protocol.users, tables[system.name])
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


def _check_code(result: Result, folder: Path) -> None:
    if stale := changed(result.code):
        raise BuildError(
            f"this run was made before {', '.join(stale[:_MOST])} changed",
            field="run",
            value=str(folder),
            remedy="Measure again with --overwrite.",
        )


def default_folder(config: EvalConfig) -> Path:
    """Where a benchmark's run goes."""
    return KEPT / "runs" / f"{config.benchmark}-{config.protocol.part}"


def clear(folder: Path) -> None:
    """Deletes a run folder; raises BuildError for one that no run wrote."""
    if not folder.exists():
        return
    if not (folder / PLAN).exists():
        raise BuildError(
            "this is no run folder", field="out", value=str(folder), remedy="Give another one, or clear it yourself."
        )
    shutil.rmtree(folder)


def _same(before: Mapping[str, object], now: Mapping[str, object], folder: Path) -> None:
    if different := differences(before, now):
        raise BuildError(
            f"this run folder is of another configuration or of other code: {different}",
            field="out",
            value=str(folder),
            remedy="Give another --out, or measure again with --overwrite.",
        )


if __name__ == "__main__":
    from llm_rerank.cli import main

    sys.argv.insert(1, "eval")
    main()
