"""What a run found: the one shape of metrics.json, which reports, comparisons and `make results` read."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from retrieval.settings import Settings

BenchmarkName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
SystemName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]*$")]
"""Names become paths: nothing else may be in them."""


class Interval(Settings):
    """A mean over users and its 95 % percentile bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


class Difference(Settings):
    """One system minus another over the same users."""

    difference: Interval
    """Paired bootstrap."""

    p_value: float
    """Two-sided paired permutation test: how often chance alone gives as large a difference."""


class Slice(Settings):
    """The same metrics over some of the users."""

    users: int
    metrics: dict[str, Interval]


class Ratings(Settings):
    """How far predicted ratings are from those that are held out, in stars or whatever their unit is."""

    rmse: float
    mae: float
    predicted: int
    """How many ratings."""

    fallbacks: int
    """For how many of them the system had no answer, and the mean rating of what was learnt stands in."""


class Churn(Settings):
    """What another order of the same candidates changes in the LLM's ranking: means over users and pairs of orders."""

    places: float
    """How far an item moves."""

    top_flips: float
    """How often another item comes first."""


class Reranking(Settings):
    """What a system made of another system's first candidates."""

    of: SystemName
    """The other system."""

    candidates: int
    """How many of its candidates were reordered."""

    ceiling: Interval
    """The share of what is right among these candidates, recall@candidates: no order of them finds more."""

    overlap: float
    """Rank-biased overlap of the candidates before and after, mean over users; 1: the order stayed."""

    churn: Churn | None = None
    """None where the candidates were not scored in several orders."""

    calibration_error: float | None = None
    """Expected calibration error of the LLM's probability that a candidate is right; None where it gives none."""

    weight_curve: dict[str, float] = Field(default_factory=dict)
    """The LLM's weight, then the mean NDCG@10 among the candidates, over users with something right among them.

    On the validation part only, like the weight that is chosen by it.
    """

    chosen_weight: float | None = None
    """The best weight; 0 where no weight surely beats the other system's own order."""


class SystemResult(Settings):
    """One system under the run's protocol."""

    name: SystemName
    users: int
    metrics: dict[str, Interval]
    """By name, such as `ndcg@10`: the mean over users of the mean over seeds."""

    by_seed: dict[str, dict[str, float]]
    """Seed, then metric: what each seed gave by itself."""

    beyond: dict[str, float]
    """Of the lists as a whole, such as `coverage@10`, `gini@10`, `novelty@10`, `diversity@10`: the mean over seeds."""

    slices: dict[str, dict[str, Slice]]
    """Family, then slice: `history length`, `popularity of the target`, `candidates`."""

    versus: dict[str, dict[str, Difference]]
    """Other system, then metric: this system minus that one. Each pair is kept once, with the later of the two."""

    seconds_to_fit: float | None
    """None where an interruption hides how long it took. That of a system made of others counts all their fits."""

    milliseconds_per_user: float
    """Median time of one answer."""

    curves: dict[str, list[float]]
    """Learning curves of the first seed by name, one value an epoch."""

    importances: dict[str, float]
    """Features of a learned blend of the first seed, by gain."""

    checks: dict[str, float]
    """NDCG@10 of a `blend` and of the `fusion` it replaces, over users held out when it learnt; {} of other systems."""

    ratings: Ratings | None = None
    """None where the system predicts none."""

    reranking: Reranking | None = None
    """Of a system that reorders another's candidates."""


class Goal(Settings):
    """A figure to beat."""

    system: str
    metric: str
    at_least: float
    at_most: float | None = None
    """Where a published figure is to be reproduced rather than beaten."""

    source: str
    """Whose figure it is."""


class Result(Settings):
    """One run: everything needed to read it and to make it again."""

    benchmark: BenchmarkName
    title: str
    part: str
    protocol: list[str]
    """In words, one rule a line."""

    counts: dict[str, int]
    config: dict[str, JsonValue]
    command: str
    device: str
    versions: dict[str, str]
    read: dict[str, str]
    """A digest of the data, and of each file of rankings."""

    date: str
    code: dict[str, str]
    """A digest of what every module of ours that figures depend on does (eval/code.py), by path."""

    headline: str
    """The metric that decides."""

    goals: list[Goal]
    systems: list[SystemResult]

    def system(self, name: str) -> SystemResult:
        """The system of this name."""
        return next(system for system in self.systems if system.name == name)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return self.model_dump(mode="json")
