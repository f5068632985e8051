"""Filling a run folder: every system fitted, asked and measured, in an order that an interruption cannot take back."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.progress import Progress

from eval.answers import Answers, ask
from eval.config import EvalConfig, SystemConfig
from eval.data import load_benchmark
from eval.data.base import Counts
from eval.environment import device, today, versions
from eval.examples import EXAMPLES, Shown, compared
from eval.finished import RESULT, write_users
from eval.inputs import at_a_glance, digests
from eval.measuring import Asked, Measure
from eval.pages.page import write_page
from eval.protocol import Protocol
from eval.result import Result
from eval.run_folder import INPUTS, RANKINGS, REPORT, bind
from eval.systems import Systems
from retrieval.catalogue import Catalogue
from retrieval.files import unreadable, write_json


class Filling:
    """One configuration, the folder, and where fits are kept."""

    def __init__(self, config: EvalConfig, folder: Path, kept: Path, progress: Progress) -> None:
        self._config, self._folder, self._kept, self._progress = config, folder, kept, progress

    def run(self, command: str, code: Mapping[str, str]) -> None:
        """Leaves the folder finished; `code` is what figures depend on.

        Raises BuildError where an interrupted run had read other data.
        """
        config, seen = self._config, at_a_glance(self._config)
        benchmark = load_benchmark(config.data, config.counts)
        read = digests(config, benchmark)
        bind(self._folder, read)
        catalogue, protocol = benchmark.shop.catalogue, Protocol(config.protocol, benchmark)
        systems = Systems(config, catalogue, protocol.learnt, protocol.inner, self._progress, self._kept)
        measure = Measure(config, protocol, catalogue, systems.vectors)
        asked: dict[str, Asked] = {}
        tables: dict[str, pd.DataFrame] = {}
        for system in config.systems:
            asked[system.name] = self._ask(system, systems, protocol, catalogue)
            tables[system.name] = measure.table(asked[system.name])
            write_users(self._folder, system.name, protocol.users, tables[system.name])
        found = [measure.system(name, asked, tables) for name in self._progress.track(asked, description="measuring")]
        result = Result(
            benchmark=config.benchmark,
            title=config.title,
            part=config.protocol.part,
            protocol=protocol.rules,
            counts=Counts.of(benchmark.shop).model_dump(),
            config=config.model_dump(mode="json"),
            command=command,
            device=device(),
            versions=versions(),
            read=read,
            date=today(),
            code=dict(code),
            headline=config.headline,
            goals=list(config.goals),
            systems=sorted(found, key=lambda one: -one.metrics[config.headline].mean),
        )
        write_page(result, self._folder / REPORT)
        write_json(self._folder / INPUTS, seen)
        self._keep_examples(result, asked, tables, Shown(protocol, catalogue))
        write_json(self._folder / RESULT, result.to_json())

    def _keep_examples(
        self, result: Result, asked: Mapping[str, Asked], tables: Mapping[str, pd.DataFrame], shown: Shown
    ) -> None:
        """Of the first seed's lists, and the figures of all."""
        pair = compared(result.systems)
        if pair is None:
            return
        answers = {name: asked[name].answers[min(asked[name].answers)] for name in pair}
        figures = {name: tables[name][result.headline] for name in pair}
        examples = shown.examples(pair, result.headline, answers, figures)
        write_json(self._folder / EXAMPLES, examples.model_dump(mode="json"))

    def _ask(self, system: SystemConfig, systems: Systems, protocol: Protocol, catalogue: Catalogue) -> Asked:
        answers: dict[int, Answers] = {}
        fitted = {}
        for seed in system.seeds:
            name = f"{system.name}, seed {seed}" if len(system.seeds) > 1 else system.name
            fitted[seed] = systems.open(system, seed)
            path = self._folder / RANKINGS / f"{system.name}-{seed}.parquet"
            if not path.exists():
                users = self._progress.track(protocol.users, description=f"{name}: ranking")
                retriever = fitted[seed].retriever
                ask(system.name, retriever, protocol, users, catalogue, self._config.depth).write(path)
            answers[seed] = Answers.read(path)
            if answers[seed].users != protocol.users:
                raise unreadable(path)
        return Asked(answers=answers, fitted=fitted)
