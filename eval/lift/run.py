"""What a tuned LLM adds to the best retrieval.

    python -m eval.lift.run --config configs/lift/beauty.yaml

Users whose target retrieval's first candidates hold are the only ones whom another order can help: they are scored, in
the test part, and in the part before it, from which the fusion is learnt. Nothing of the test part has a say in what is
learnt. What was scored is kept, and an interrupted run goes on. Where the LLM runs on another machine:

    python -m eval.lift.run --config CONFIG --questions FOLDER     # writes what llm_rerank.score_lists reads
    python -m eval.lift.run --config CONFIG --answers FOLDER       # reads what it wrote: learners.parquet, test.parquet
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from rich.progress import Progress

from eval.code import NO_FIGURES, code_behind
from eval.config import EvalConfig
from eval.data import load_benchmark
from eval.environment import device, today, versions
from eval.kept import KEPT
from eval.lift.candidates import Asked, Proposals
from eval.lift.config import LiftConfig
from eval.lift.llm import Scorer, read_answers, write_items, write_questions
from eval.lift.measure import HEADLINE, Measure
from eval.lift.page import lift_page
from eval.lift.published import RESULT
from eval.lift.result import LiftResult
from eval.lift.scored import ScoredLists
from eval.result import Difference
from eval.statistics.significance import difference
from llm_rerank.adapters import Adapter
from llm_rerank.fusion import Scores
from llm_rerank.learned_fusion.features import FusionFeatures
from retrieval.config import read_config
from retrieval.errors import LlmRerankError
from retrieval.files import write_json, write_whole
from retrieval.progress import showing_progress

PAGE: Final = "README.md"
PARTS: Final = ("learners", "test")
_CODE: Final = (
    *("eval/lift/measure.py", "eval/lift/candidates.py"),
    *("llm_rerank/prompt.py", "llm_rerank/engines/transformers.py"),
)
_NO_CODE: Final = NO_FIGURES | {"eval/llm_scores.py", "eval/lift/config.py", "eval/lift/result.py"}

Ask = Callable[[str, Sequence[Asked]], list[Scores]]
"""The LLM's scores of the lists of one part."""


class Lift:
    """One configuration, its users and their candidates."""

    def __init__(self, config: LiftConfig, progress: Progress, kept: Path = KEPT) -> None:
        self._config, self._progress, self._kept = config, progress, kept
        self._benchmark = read_config(config.benchmark, EvalConfig).of_part("test")
        data = load_benchmark(self._benchmark.data, self._benchmark.counts)
        self._proposals = Proposals(config, self._benchmark, data, progress, kept)
        test = self._proposals.test()
        self._users, held = len(test), [one for one in test if one.held]
        self._held = len(held)
        learners = [one for one in self._proposals.learners() if one.held]
        self.asked = {"learners": _some(learners, config.learners), "test": _some(held, config.users)}

    def write_questions(self, folder: Path) -> None:
        """What another machine scores."""
        write_items(folder / "items.parquet", self._proposals.catalogue)
        for part, asked in self.asked.items():
            write_questions(folder / f"{part}.parquet", asked, self._config.reranker.prompt.history_items)

    def ask_here(self, part: str, asked: Sequence[Asked]) -> list[Scores]:
        """By the LLM on this machine."""
        return self._scorer.ask(part, asked)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self._config.reranker, self._proposals.catalogue, self._kept, self._progress)

    def measure(self, ask: Ask, folder: Path, command: str, scored_on: str) -> LiftResult:
        """Scores, learns, measures, and writes what was found to `folder`."""
        measure = self._measured(ask, folder)
        users = measure.per_user()
        adapter = self._config.reranker.adapter
        result = LiftResult(
            lift=self._config.lift,
            title=self._config.title,
            config=self._config.model_dump(mode="json"),
            benchmark=self._benchmark.model_dump(mode="json"),
            protocol=self._proposals.protocol.rules,
            command=command,
            device=device(),
            scored_on=scored_on,
            date=today(),
            versions=versions(),
            code=code_behind(*_CODE, without=_NO_CODE),
            adapter=None if adapter is None else Adapter.read(adapter).adapter_id,
            users=self._users,
            held=self._held,
            asked=len(self.asked["test"]),
            learners=len(self.asked["learners"]),
            chosen=measure.fitted.order.variant,
            checks={variant: float(values.mean()) for variant, values in measure.fitted.checks.items()},
            weight=measure.weight,
            calibration_error=measure.calibration_error(),
            importance=measure.importance(),
            rows=measure.rows(self._users if len(self.asked["test"]) == self._held else None),
            llm_adds=llm_adds(users),
            goals=list(self._config.goals),
        )
        write_whole(folder / "users.parquet", users.to_parquet)
        write_whole(folder / PAGE, lambda part: part.write_text(lift_page(result), encoding="utf-8"))
        write_json(folder / RESULT, result.model_dump(mode="json"))
        return result

    def _measured(self, ask: Ask, folder: Path) -> Measure:
        proposals = self._proposals
        proposed = [candidate for asked in self.asked.values() for one in asked for candidate in one.candidates]
        sources = sorted({said.source for candidate in proposed for said in candidate.sources})
        scored = {}
        for part, log in zip(PARTS, (proposals.inner.train, proposals.protocol.learnt), strict=True):
            features = FusionFeatures(proposals.catalogue, proposals.systems.vectors, log, sources)
            scored[part] = ScoredLists.of(self.asked[part], ask(part, self.asked[part]), features)
            scored[part].write(folder / f"{part}.npz")
        return Measure(scored["learners"], scored["test"], features, self._config.trees)


def llm_adds(users: pd.DataFrame) -> Difference:
    """What the trees that hear the LLM are better by than those that do not; see Measure.per_user."""
    heard, unheard = users["trees with the LLM"], users["trees without the LLM"]
    return difference(heard.to_numpy(np.float64), unheard.to_numpy(np.float64), metric=HEADLINE)


def _answered(folder: Path, part: str, asked: Sequence[Asked]) -> list[Scores]:
    return read_answers(folder / f"{part}.parquet", asked)


def _some(asked: Sequence[Asked], count: int | None) -> list[Asked]:
    """As many, drawn at random, in their order."""
    drawn = np.random.default_rng(0).permutation(len(asked))[:count]
    return [asked[place] for place in np.sort(drawn).tolist()]


def main() -> None:
    """Measures one lift, or writes its questions."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.lift.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/lift/")
    parser.add_argument("--out", type=Path, help="the folder to write; by default var/eval/lifts/NAME")
    parser.add_argument("--questions", type=Path, metavar="FOLDER", help="only write what another machine scores")
    parser.add_argument("--answers", type=Path, metavar="FOLDER", help="read what it scored")
    parser.add_argument("--scored-on", default="", help="that machine, in words")
    given = parser.parse_args()
    try:
        config = read_config(given.config, LiftConfig)
        with showing_progress() as progress:
            lift = Lift(config, progress)
            if given.questions:
                lift.write_questions(given.questions)
                return
            ask = partial(_answered, given.answers) if given.answers else lift.ask_here
            command = shlex.join(["python", "-m", "eval.lift.run", "--config", str(given.config)])
            out = given.out or KEPT / "lifts" / config.lift
            result = lift.measure(ask, out, command, given.scored_on or device())
    except LlmRerankError as err:
        sys.exit(f"eval.lift: {err}")
    print(lift_page(result))


if __name__ == "__main__":
    main()
