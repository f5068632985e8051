"""One benchmark, from its configuration to its run folder.

    python -m eval.run --config configs/eval/beauty.yaml

The folder holds the configuration, every system's rankings and per-user figures as Parquet, metrics.json and a report.
A finished run is only shown; an interrupted one goes on with the first system that has no rankings yet.
"""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

import pandas as pd
from rich.progress import Progress

from eval.answers import Answers, ask
from eval.code import NO_FIGURES, code_behind, one_digest
from eval.config import EvalConfig, RankingsFileConfig, RerankedConfig, SystemConfig
from eval.data import load_benchmark
from eval.data.base import Benchmark, Counts
from eval.environment import device, today, versions
from eval.finished import RESULT, read_result, write_users
from eval.measuring import Asked, Measure
from eval.pages.page import write_page
from eval.protocol import Protocol
from eval.result import Result
from eval.run_folder import RANKINGS, REPORT, bind, check_code, claim, same
from eval.systems import KEPT, Systems
from retrieval.alone import alone
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.files import checksum, unreadable, write_json

_OF_THE_LLM: Final = frozenset({"eval/llm_scores.py", "eval/reranking.py"})


class Run:
    """One configuration and the folder that its results fill."""

    def __init__(self, config: EvalConfig, folder: Path, command: str, kept: Path = KEPT) -> None:
        """Raises BuildError for a folder of another configuration, of other code, or with something else in it."""
        self._config, self._folder, self._command, self._kept = config, folder, command, kept
        self._code: dict[str, str] = {}
        if not (folder / RESULT).exists():
            self._code = _figures_code(config)  # as it is now: whoever edits it meanwhile has not made this run
            plan = {"config": config.model_dump(mode="json"), "code": one_digest(self._code), "versions": versions()}
            claim(folder, plan)

    def result(self, progress: Progress) -> Result:
        """What was found: read where the run is finished, measured where it is not."""
        if not (self._folder / RESULT).exists():
            with alone(self._folder):
                self._measure(progress)
        result = read_result(self._folder)
        same({"config": result.config}, {"config": self._config.model_dump(mode="json")}, self._folder)
        check_code(result, self._folder)
        return result

    def _claim_for(self, benchmark: Benchmark) -> dict[str, str]:
        """Binds it to the data and the ranked files too, so that rankings of other ones are never taken up."""
        given = sha256(repr(sorted((benchmark.given or {}).items())).encode()).hexdigest()[:16]
        read = {"data": f"{benchmark.shop.fingerprint}-{given}"}
        for system in self._config.systems:
            if isinstance(system.answers, RankingsFileConfig):
                read[system.name] = _checksum(system.answers.path)
        bind(self._folder, read)
        return read

    def _measure(self, progress: Progress) -> None:
        config = self._config
        benchmark = load_benchmark(config.data, config.counts)
        read = self._claim_for(benchmark)
        catalogue, protocol = benchmark.shop.catalogue, Protocol(config.protocol, benchmark)
        systems = Systems(config, catalogue, protocol.learnt, protocol.inner, progress, self._kept)
        measure = Measure(config, protocol, catalogue, systems.vectors)
        asked: dict[str, Asked] = {}
        tables: dict[str, pd.DataFrame] = {}
        for system in config.systems:
            asked[system.name] = self._ask(system, systems, protocol, catalogue, progress)
            tables[system.name] = measure.table(asked[system.name])
            write_users(self._folder, system.name, protocol.users, tables[system.name])
        found = [measure.system(name, asked, tables) for name in progress.track(asked, description="measuring")]
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
            read=read,
            date=today(),
            code=self._code,
            headline=config.headline,
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
            path = self._folder / RANKINGS / f"{system.name}-{seed}.parquet"
            if not path.exists():
                users = progress.track(protocol.users, description=f"{name}: ranking")
                retriever = fitted[seed].retriever
                ask(system.name, retriever, protocol, users, catalogue, self._config.depth).write(path)
            answers[seed] = Answers.read(path)
            if answers[seed].users != protocol.users:
                raise unreadable(path)
        return Asked(answers=answers, fitted=fitted)


def _figures_code(config: EvalConfig) -> dict[str, str]:
    """What figures depend on: reading data, fitting, asking and measuring; not how it is shown."""
    roots = ("data/__init__", "protocol", "systems", "answers", "measuring")
    reranked = any(isinstance(system.answers, RerankedConfig) for system in config.systems)
    without = NO_FIGURES if reranked else NO_FIGURES | _OF_THE_LLM
    return code_behind(*(f"eval/{root}.py" for root in roots), without=without)


def _checksum(path: Path) -> str:
    try:
        return checksum(path)
    except OSError as err:
        raise DatasetError(
            "there is no such rankings file",
            field="path",
            value=str(path),
            remedy="Make it first; see eval/peers/README.md.",
        ) from err


if __name__ == "__main__":
    from llm_rerank.cli import main

    sys.argv.insert(1, "eval")
    main()
