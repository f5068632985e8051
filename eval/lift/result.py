"""What a lift found: the one shape of its metrics.json."""

from pydantic import JsonValue

from eval.lift.config import LiftGoal
from eval.pages.verdict import Standing, stands
from eval.result import BenchmarkName, Difference, Interval, Slice
from retrieval.settings import Settings


class Row(Settings):
    """One way to order the candidates."""

    name: str

    held: dict[str, Interval]
    """Metric, then its mean over users whose candidates hold what they took."""

    everybody: dict[str, Interval]
    """The same over all users, for whom another order changes nothing where the candidates do not hold it; {} where
    only some of the others were asked about."""

    versus: dict[str, Difference]
    """This row minus retrieval, over the same users as `held`; {} of retrieval itself."""

    lift: float
    """NDCG@10 by how much of retrieval's, over the same users."""

    slices: dict[str, Slice]
    """`held` by length of history."""


class LiftResult(Settings):
    """Everything needed to read it and to make it again."""

    lift: BenchmarkName
    title: str
    config: dict[str, JsonValue]
    benchmark: dict[str, JsonValue]
    """The benchmark's configuration."""

    protocol: list[str]
    """In words, one rule a line."""

    command: str
    device: str
    scored_on: str
    """The machine that ran the LLM."""

    date: str
    versions: dict[str, str]
    code: dict[str, str]
    """A digest of what every module of ours that figures depend on does (eval/code.py), by path."""

    adapter: str | None
    """Its id."""

    users: int
    """Of the test part."""

    held: int
    """Of them, whose candidates hold what they took."""

    asked: int
    """Of those, whom this is about."""

    learners: int
    """Users of the part before, of whom the fusion was learnt."""

    chosen: str
    """The variant of the trees that is `fused`: the last that was surely better for learners it had not learnt from."""

    checks: dict[str, float]
    """Mean NDCG@10 of each variant for such learners."""

    weight: float
    """The best single weight, for learners."""

    calibration_error: dict[str, float]
    """Expected calibration error of the probabilities that an item is taken: by the fusion, and by the LLM as it is."""

    importance: dict[str, float]
    """Of the features, in trees that hear the LLM."""

    rows: list[Row]

    llm_adds: Difference
    """NDCG@10 of the trees that hear the LLM minus that of the trees that do not, over the same users."""

    goals: list[LiftGoal]

    def row(self, name: str) -> Row | None:
        """The row of this name."""
        return next((row for row in self.rows if row.name == name), None)

    def versus(self, name: str) -> Difference | None:
        """What this row's NDCG@10 is above retrieval's; None where they were not compared."""
        row = self.row(name)
        return None if row is None else row.versus.get("ndcg@10")

    def standing(self, goal: LiftGoal) -> Standing:
        """As a run's system stands to a goal."""
        found = self.interval(goal)
        return "not measured" if found is None else stands(found, goal.at_least)

    def interval(self, goal: LiftGoal) -> Interval | None:
        """NDCG@10 over the users whom the goal is about; of a lift, the difference by what retrieval's is in mean. None
        where it was not measured.
        """
        row = self.row(goal.row)
        if row is None:
            return None
        if goal.figure != "lift":
            return (row.held if goal.figure == "held" else row.everybody).get("ndcg@10")
        versus, base = self.versus(goal.row), self.rows[0].held["ndcg@10"].mean
        return None if versus is None or not base else _by(versus.difference, base)


def told(goal: LiftGoal, value: float) -> str:
    """A value as the goal's figure is written: a lift by how much of retrieval's."""
    return f"{value:+.1%}" if goal.figure == "lift" else f"{value:.4f}"


def _by(interval: Interval, base: float) -> Interval:
    return Interval(mean=interval.mean / base, low=interval.low / base, high=interval.high / base)
