"""How good the rankings are: what was measured, with its doubt."""

from pydantic import FiniteFloat

from llm_rerank.wire.base import Answered


class IntervalOut(Answered):
    """A mean over users and its 95 % bootstrap interval."""

    mean: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat


class GainOut(IntervalOut):
    """One system minus another over the same users."""

    p_value: FiniteFloat
    """How often chance alone gives as large a difference: two-sided."""


class MeasuredOut(Answered):
    """One system."""

    name: str
    users: int
    figure: IntervalOut
    gain: GainOut | None
    """It minus the baseline; none of the baseline itself."""


class Goal(Answered):
    """A figure to beat, or to reproduce, and whose it is."""

    system: str
    metric: str
    at_least: float
    at_most: float | None = None
    source: str


class GoalOut(Goal):
    """A goal, and what was measured."""

    measured: IntervalOut


class PlaceOut(Answered):
    """One place of an example's list."""

    title: str
    right: bool
    """Whether the user took it."""


class ExampleOut(Answered):
    """One user: the metric, which is the mean over seeds, and the first places of the first seed's list, before and
    after.
    """

    user_id: str
    taken: list[str]
    """Titles of what was held out."""
    before: FiniteFloat
    after: FiniteFloat
    list_before: list[PlaceOut]
    list_after: list[PlaceOut]


class ExamplesOut(Answered):
    """The users for whom a system did most for the better, and for the worse."""

    system: str
    baseline: str
    metric: str
    best: list[ExampleOut]
    worst: list[ExampleOut]


class RunOut(Answered):
    """One run: a benchmark, its rules, and what was measured by them."""

    name: str
    title: str
    part: str
    """Of the data: validation or test."""
    rules: list[str]
    """In words, how ties are broken among them."""
    metric: str
    """The one that decides; all figures are of it."""
    baseline: str
    systems: list[MeasuredOut]
    """The best first."""
    goals: list[GoalOut]
    examples: ExamplesOut | None
    """None where none were kept."""
    command: str
    device: str
    date: str


class UnreadableOut(Answered):
    """A run that cannot be shown, and why."""

    name: str
    problem: str


class QualityOut(Answered):
    """What was measured, run by run."""

    runs: list[RunOut]
    unreadable: list[UnreadableOut]
