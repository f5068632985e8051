"""Results that `llm-rerank eval` and `python -m eval.lift.run` write, as far as people are shown them here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from llm_rerank.wire.quality import ExamplesOut, GainOut, Goal, GoalOut, IntervalOut, MeasuredOut, RunOut
from retrieval.errors import BuildError
from retrieval.files import read_json, unreadable

RESULT: Final = "metrics.json"
_EXAMPLES: Final = "examples.json"
_RETRIEVAL: Final = "retrieval"


class _Part(BaseModel):
    """What is read of a result; there is more in it."""


class _Difference(_Part):
    difference: IntervalOut
    p_value: float

    def gain(self, sign: int) -> GainOut:
        ends = sorted((sign * self.difference.low, sign * self.difference.high))
        return GainOut(mean=sign * self.difference.mean, low=ends[0], high=ends[1], p_value=self.p_value)


class _About(_Part):
    title: str
    protocol: list[str]
    command: str
    device: str
    date: str

    @property
    def about(self) -> dict[str, Any]:
        """The fields that every run is shown with."""
        shown = self.model_dump(include={"title", "command", "device", "date"})
        return shown | {"rules": self.protocol}


class _Reranking(_Part):
    of: str


class _System(_Part):
    name: str
    users: int
    metrics: dict[str, IntervalOut]
    versus: dict[str, dict[str, _Difference]]
    reranking: _Reranking | None = None


class _Result(_About):
    part: str
    headline: str
    goals: list[Goal]
    systems: list[_System]

    def run(self, name: str, examples: ExamplesOut | None) -> RunOut:
        """As it is shown."""
        return RunOut(
            name=name,
            part=self.part,
            metric=self.headline,
            baseline=self._baseline.name,
            systems=list(self._measured()),
            goals=list(self._goals()),
            examples=examples,
            **self.about,
        )

    @property
    def _baseline(self) -> _System:
        """What others reorder; where none does, the best."""
        reordered = [one.reranking.of for one in self.systems if one.reranking is not None]
        return self._system(reordered[0]) if reordered else self.systems[0]

    def _system(self, name: str) -> _System:
        return {one.name: one for one in self.systems}[name]

    def _measured(self) -> Iterator[MeasuredOut]:
        for one in self.systems:
            figure = one.metrics[self.headline]
            yield MeasuredOut(name=one.name, users=one.users, figure=figure, gain=self._gain(one))

    def _gain(self, one: _System) -> GainOut | None:
        """Each pair is kept once."""
        baseline, metric = self._baseline, self.headline
        if baseline.name in one.versus:
            return one.versus[baseline.name][metric].gain(1)
        return baseline.versus[one.name][metric].gain(-1) if one.name in baseline.versus else None

    def _goals(self) -> Iterator[GoalOut]:
        for goal in self.goals:
            measured = self._system(goal.system).metrics[goal.metric]
            yield GoalOut(**goal.model_dump(), measured=measured)


class _Row(_Part):
    name: str
    held: dict[str, IntervalOut] = Field(min_length=1)
    versus: dict[str, _Difference]


class _Lift(_About):
    users: int
    held: int
    asked: int
    rows: list[_Row]

    def run(self, name: str, examples: ExamplesOut | None) -> RunOut:
        """Over users whose candidates hold what they took: for others no order of them changes anything."""
        metric = next(iter(self.rows[0].held))
        systems = [
            MeasuredOut(
                name=row.name,
                users=self.asked,
                figure=row.held[metric],
                gain=row.versus[metric].gain(1) if row.versus else None,
            )
            for row in self.rows
        ]
        return RunOut(
            name=name,
            part="test",
            metric=metric,
            baseline=_RETRIEVAL,
            systems=sorted(systems, key=lambda one: -one.figure.mean),
            goals=[],
            examples=examples,
            **self.about | {"rules": [*self.protocol, self._whom]},
        )

    @property
    def _whom(self) -> str:
        return (
            f"Of them {self.held:,} have candidates that hold what they took; figures are over {self.asked:,} of those."
        )


def read_run(folder: Path) -> RunOut:
    """The run of a folder. Raises BuildError for a file that cannot be read, or is none of a run."""
    said = _read(folder / RESULT)
    form = _Lift if "lift" in said else _Result
    kept = folder / _EXAMPLES
    try:
        result = form.model_validate(said)
        examples = ExamplesOut.model_validate(_read(kept)) if kept.exists() else None
        return result.run(folder.name, examples)
    except (ValidationError, LookupError) as err:
        raise BuildError("this is no result of a run", field="run", value=folder.name) from err


def _read(path: Path) -> dict[str, Any]:
    try:
        said = read_json(path)
    except RecursionError as err:
        raise unreadable(path) from err
    if not isinstance(said, dict):
        raise unreadable(path)
    return said
