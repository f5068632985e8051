"""The published results: one line a goal, and whether each still is what the code and its command would give.

    python -m eval.results                                  # what `make results` runs
    python -m eval.results --publish var/eval/runs/beauty-test
    python -m eval.results --write                          # retrieval.md and finetune.md, from what is published

Every file of configs/eval/ is a published benchmark and needs a result, and every file of configs/lift/ another. A
result is refused when it is missing, when a line of the code that made it has changed since, or when its command would
no longer run the same configuration. What other reports promise (speed, reasons) has a line each, as it was when they
were made.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from eval.code import changed
from eval.config import EvalConfig
from eval.examples import EXAMPLES
from eval.finetune_page import finetune_page
from eval.finished import RESULT, read_result
from eval.lift.published import PublishedLift, published_lifts
from eval.pages.tables import as_markdown, results_table
from eval.pages.verdict import standing
from eval.promise import published_promises
from eval.result import Goal, Result
from retrieval.config import read_config
from retrieval.differences import differences
from retrieval.errors import BuildError, DatasetError, LlmRerankError
from retrieval.files import read_json, write_json

CONFIGS: Final = Path("configs/eval")  # from the root of the checkout, where `make` runs
PUBLISHED: Final = Path("docs/results")
PAGE: Final = PUBLISHED / "retrieval.md"
FINETUNING: Final = PUBLISHED / "finetune.md"
_COLUMNS: Final = ("benchmark", "split", "system", "metric", "value", "95 %", "goal", "", "command", "device")


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One benchmark's configuration, its result if there is one, and what is wrong with it."""

    path: Path
    config: EvalConfig
    result: Result | None
    problem: str


def published() -> list[Published]:
    """Every benchmark of configs/eval/; raises DatasetError where there is none."""
    found = [_published(path) for path in sorted(CONFIGS.glob("*.yaml"))]
    if not found:
        raise DatasetError(
            "there is no benchmark here", field="folder", value=str(CONFIGS), remedy="Run it from the checkout's root."
        )
    return found


def publish(folder: Path) -> Path:
    """Copies a finished run's result to where results are committed."""
    result = read_result(folder)
    out = _place(result.benchmark)
    write_json(out, result.to_json())
    out.with_name(EXAMPLES).unlink(missing_ok=True)  # of an older run
    if _may_be_shown(result) and (folder / EXAMPLES).exists():
        write_json(out.with_name(EXAMPLES), read_json(folder / EXAMPLES))
    return out


def _may_be_shown(result: Result) -> bool:
    """Examples of the demo shop: other data is for measuring only."""
    data: Any = result.config["data"]
    return bool(data["kind"] == "shop" and data["dataset"]["kind"] == "complete-journey")


def tables(found: Sequence[Published]) -> str:
    """All results as one Markdown page; what is refused says so."""
    blocks = ["# Retrieval: the measured tables", "Made by `python -m eval.results --write`; nothing here is typed in."]
    for one in found:
        if one.result is not None:
            blocks.append(_section(one.result))
            blocks += [f"**Refused**: {one.problem}."] if one.problem else []
    return "\n\n".join(blocks) + "\n"


def _published(path: Path) -> Published:
    config = read_config(path, EvalConfig)
    place = _place(config.benchmark)
    if not place.exists():
        return Published(path=path, config=config, result=None, problem=f"missing: run `{_command(path)}` and publish")
    try:
        result = read_result(place.parent)
    except BuildError as err:
        return Published(path=path, config=config, result=None, problem=str(err))
    return Published(path=path, config=config, result=result, problem=_problem(path, config, result))


def _problem(path: Path, config: EvalConfig, result: Result) -> str:
    if stale := changed(result.code):
        return f"older than the code that makes it: {', '.join(stale[:3])}"
    if result.command != _command(path):
        return f"made by `{result.command}`, not by `{_command(path)}`"
    if different := _difference(result, config):
        return f"not reproducible from the command it names: {different}"
    return ""


def _difference(result: Result, config: EvalConfig) -> str:
    """A setting that is newer than the result, and says nothing where it is not given, is no difference."""
    try:
        then: object = EvalConfig.model_validate(result.config).model_dump(mode="json")
    except ValidationError:
        then = result.config
    return differences(then, config.model_dump(mode="json"))


def _lines(one: Published) -> list[Sequence[str]]:
    """A line for each goal; a benchmark without goals shows its best system."""
    if one.result is None:
        return []
    result = one.result
    goals = result.goals or [Goal(system=result.systems[0].name, metric=result.headline, at_least=0.0, source="")]
    return [_line(result, goal) for goal in goals]


def _line(result: Result, goal: Goal) -> Sequence[str]:
    found = result.system(goal.system).metrics[goal.metric]
    figure, met = _figure(goal), standing(goal, result) if goal.source else "reported"
    interval = f"[{found.low:.4f}, {found.high:.4f}]"
    split = f"{result.config['protocol']['split']}, {result.part}"  # type: ignore[index, call-overload]
    return (
        result.benchmark,
        split,
        goal.system,
        goal.metric,
        f"{found.mean:.4f}",
        interval,
        figure,
        met,
        result.command,
        result.device,
    )


def _figure(goal: Goal) -> str:
    if not goal.source:
        return ""
    return f">= {goal.at_least:g}" if goal.at_most is None else f"{goal.at_least:g} to {goal.at_most:g}"


def _section(result: Result) -> str:
    goals = [
        f"- {line[2]}, {line[3]}: {line[4]} {line[5]}; goal {line[6]}, {line[7]}. {as_markdown(goal.source)}"
        for goal, line in ((goal, _line(result, goal)) for goal in result.goals)
    ]
    rules = [f"- {as_markdown(rule)}" for rule in result.protocol]
    counts = ", ".join(f"{count:,} {name}" for name, count in result.counts.items())
    origin = f"`{result.command}`; {result.device}; {result.date}."
    return "\n\n".join(
        [
            f"## {as_markdown(result.title)}",
            origin,
            f"{counts}.",
            "\n".join(rules),
            results_table(result),
            "\n".join(goals),
        ]
    )


def _place(benchmark: str) -> Path:
    return PUBLISHED / benchmark / RESULT


def _command(path: Path) -> str:
    return shlex.join(["python", "-m", "eval.run", "--config", path.as_posix()])


def main() -> None:
    """Prints the lines; exit code 1 where a result is refused."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publish", type=Path, metavar="RUN", help="commit this finished run's result")
    parser.add_argument("--write", action="store_true", help=f"write all tables to {PAGE} and {FINETUNING}")
    given = parser.parse_args()
    if given.publish:
        print(publish(given.publish))
    if given.write:
        for page, text in _pages(published(), published_lifts(PUBLISHED)).items():
            page.write_text(text, encoding="utf-8")
    if not (given.publish or given.write):
        _check(published(), published_lifts(PUBLISHED))


def _check(found: Sequence[Published], lifts: Sequence[PublishedLift]) -> None:
    """Prints the lines; exits with 1 where something is refused."""
    for line in (_COLUMNS, *(line for one in found for line in _lines(one)), *_promises(lifts)):
        print("\t".join(line))
    problems = [*((one.path, one.problem) for one in found), *((lift.path, lift.problem) for lift in lifts)]
    refused = [f"{path}: {problem}" for path, problem in problems if problem]
    for page, text in _pages(found, lifts).items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            refused.append(f"{page}: not made from these results; run `python -m eval.results --write`")
    if refused:
        sys.exit("\n".join(["results refused:", *refused]))


def _promises(lifts: Sequence[PublishedLift]) -> list[Sequence[str]]:
    """The lines of what is no benchmark's run."""
    return [*(line for lift in lifts for line in lift.lines()), *published_promises(PUBLISHED)]


def _pages(found: Sequence[Published], lifts: Sequence[PublishedLift]) -> dict[Path, str]:
    results = [lift.result for lift in lifts if lift.result is not None]
    return {PAGE: tables(found), FINETUNING: finetune_page(PUBLISHED, _promises(lifts), results)}


if __name__ == "__main__":
    try:
        main()
    except LlmRerankError as err:
        sys.exit(f"eval.results: {err}")
