"""The published lifts: one line a goal, and whether each still is what the code and its command would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from eval.code import changed
from eval.config import EvalConfig
from eval.lift.config import LiftConfig, LiftGoal
from eval.lift.result import LiftResult, told
from retrieval.config import read_config
from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import read_json

CONFIGS: Final = Path("configs/lift")  # from the root of the checkout
RESULT: Final = "metrics.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedLift:
    """One configuration, its result if there is one, and what is wrong with it."""

    path: Path
    result: LiftResult | None
    problem: str

    def lines(self) -> list[Sequence[str]]:
        """A line a goal; without goals, the lift of what is fused. Columns as in eval.results."""
        result = self.result
        if result is None:
            return []
        about = (result.lift, f"lift over {result.config['of']}, test")
        made = (result.command, result.device)
        if not result.goals:
            lift = LiftGoal(figure="lift", at_least=0, source="")
            return [(*about, lift.row, "ndcg@10, lift", *_measured(result, lift), "", "reported", *made)]
        return [
            (
                *about,
                goal.row,
                f"ndcg@10, {goal.figure}",
                *_measured(result, goal),
                f">= {told(goal, goal.at_least)}",
                result.standing(goal),
                *made,
            )
            for goal in result.goals
        ]


def published_lifts(place: Path) -> list[PublishedLift]:
    """Every lift of configs/lift/, its result in `place`/lift-NAME."""
    return [_published(path, place) for path in sorted(CONFIGS.glob("*.yaml"))]


def _published(path: Path, place: Path) -> PublishedLift:
    config = read_config(path, LiftConfig)
    command = f"python -m eval.lift.run --config {path.as_posix()}"
    file = place / f"lift-{config.lift}" / RESULT
    if not file.exists():
        return PublishedLift(path=path, result=None, problem=f"missing: run `{command} --out {file.parent}`")
    try:
        result = LiftResult.model_validate(read_json(file))
    except (BuildError, ValidationError) as err:
        return PublishedLift(path=path, result=None, problem=" ".join(str(err).split()))
    return PublishedLift(path=path, result=result, problem=_problem(config, result, command))


def _problem(config: LiftConfig, result: LiftResult, command: str) -> str:
    if stale := changed(result.code):
        return f"older than the code that makes it: {', '.join(stale[:3])}"
    if result.command != command:
        return f"made by `{result.command}`, not by `{command}`"
    benchmark = read_config(config.benchmark, EvalConfig).of_part("test")
    for then, now in ((result.config, config), (result.benchmark, benchmark)):
        if different := differences(then, now.model_dump(mode="json")):
            return f"not reproducible from the command it names: {different}"
    return ""


def _measured(result: LiftResult, goal: LiftGoal) -> tuple[str, str]:
    """The figure and its interval."""
    found = result.interval(goal)
    if found is None:
        return "", ""
    return told(goal, found.mean), f"[{told(goal, found.low)}, {told(goal, found.high)}]"
