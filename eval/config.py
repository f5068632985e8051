"""A benchmark as data: what is measured on what, under which rules, against which figures."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError, field_validator, model_validator

from eval.data.base import BenchmarkDataConfig, Counts
from eval.metrics.names import NAMES
from eval.rating_bias import RatingBiasConfig
from eval.result import BenchmarkName, Goal, SystemName
from llm_rerank.config import RerankerConfig
from retrieval.embedders.base import EmbedderConfig, SentenceTransformerConfig
from retrieval.errors import ConfigError
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.hybrid import HybridConfig
from retrieval.retrievers.model_configs import UserKnnConfig
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.text import TextConfig
from retrieval.settings import Settings
from retrieval.splits import Part

_A_MOMENT: Final = "2026-09-01T00:00:00+02:00"


class ProtocolConfig(Settings):
    """The rules."""

    split: Literal["leave-one-out", "last-basket", "global-time"]
    """What is held out: a user's last interaction, last basket, or all from a moment on."""

    part: Part = "validation"
    """Which of them. Choose on validation; touch test once for each configuration."""

    learn_from: Literal["all-before", "before-validation"] = "all-before"
    """What test's systems are fitted on: all that came before what is held out, as a shop would; or what came before
    the validation part, as most papers do, who show the validation item in the history and choose settings by it. A
    blend's trees, like settings, are then learnt from the validation part."""

    at: datetime | None = None
    """The moment, with its time zone, of a global time split."""

    candidates: Literal["catalogue", "given"] = "catalogue"
    """What is ranked: every item, or for each user those that the benchmark gives."""

    seen: Literal["masked", "allowed"] = "masked"
    """Whether items of the user's history may be in the ranking."""

    users: PositiveInt | None = None
    """Ask about this many users only, drawn at random; none: all."""

    seed: int = 0
    """Of that draw."""

    @model_validator(mode="after")
    def _time_split_has_a_moment(self) -> Self:
        if (self.split == "global-time") != (self.at is not None):
            raise ValueError(f"at: a global-time split, and no other, needs the moment it splits at: {_A_MOMENT}")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError(f"at: {self.at} has no time zone; write {_A_MOMENT}")
        if self.split == "global-time" and self.learn_from == "before-validation":
            raise ValueError("learn_from: a global-time split has no validation part")
        if self.split == "global-time" and self.part != "test":
            raise ValueError("part: a global-time split has one part, test")
        return self


class RandomConfig(Settings):
    """Any order: what every system has to beat."""

    kind: Literal["random"]


class HybridSystemConfig(HybridConfig):
    """Other systems of this benchmark, joined by rank."""

    kind: Literal["hybrid"]

    of: dict[str, float] = Field(min_length=1)
    """System, then its weight."""


class BlendSystemConfig(BlendConfig):
    """Other systems of this benchmark, joined by a model that learns from users' last interactions before the split."""

    kind: Literal["blend"]

    of: tuple[str, ...] = Field(min_length=1)
    """The systems."""


class RankingsFileConfig(Settings):
    """What another program ranked: JSON lines `{"user_id": ..., "item_ids": [best, ...]}`."""

    kind: Literal["rankings-file"]

    path: Path
    """The file; plain or gzip."""


class ShuffledConfig(Settings):
    """The first candidates of another system in any order: what a reranker has to beat."""

    kind: Literal["shuffled"]

    of: str
    """The system."""

    candidates: PositiveInt = 50
    """How many are shuffled; the others follow in the system's own order."""


class PermutationsConfig(Settings):
    """How often the LLM is asked again about the same candidates in another order."""

    users: PositiveInt = 20
    """Users that it is asked about, drawn at random."""

    orders: int = Field(default=3, ge=2)
    """Random orders for each."""


class MeasuredConfig(RerankerConfig):
    """A language model that figures are told of."""

    adapter: Path | None = None
    """The folder of a LoRA adapter; one in a registry lies in REGISTRY/ID."""

    @field_validator("adapter", mode="before")
    @classmethod
    def _is_one_adapter(cls, adapter: object) -> object:
        if isinstance(adapter, dict):
            raise ValueError("name the adapter's folder, such as var/adapters/ID: what a channel serves changes")
        return adapter


class RerankedConfig(MeasuredConfig):
    """The first candidates of another system, reordered by a language model."""

    kind: Literal["reranked"]

    of: str
    """The system."""

    candidates: int = Field(default=50, ge=1, le=1000)
    """How many the LLM scores; the others follow in the system's own order."""

    llm_weight: float = Field(default=1.0, ge=0, le=1)
    """The LLM's share in the score. Systems that differ in nothing else share the LLM's answers."""

    permutations: PermutationsConfig | None = PermutationsConfig()
    """Whether rank churn is measured, and how; null: it is not."""


AnswererConfig = Annotated[
    RetrieverConfig
    | RandomConfig
    | RatingBiasConfig
    | HybridSystemConfig
    | BlendSystemConfig
    | RankingsFileConfig
    | ShuffledConfig
    | RerankedConfig,
    Field(discriminator="kind"),
]
"""Whatever can answer, told apart by `kind`."""

Reordering = ShuffledConfig | RerankedConfig
"""What puts the first candidates of another system into another order."""


class SystemConfig(Settings):
    """One row of the table."""

    name: SystemName
    """Names the row and its files."""

    answers: AnswererConfig
    """What answers."""

    seeds: tuple[NonNegativeInt, ...] = Field(default=(0,), min_length=1)
    """It is fitted and asked once for each; a user's figure is the mean."""

    shuffled_titles: bool = False
    """A control of what reads text: every item gets the text of another one."""

    predicts_ratings: bool = False
    """Its scores are ratings, on the user's own scale: they are measured against those that are held out."""

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.shuffled_titles and not isinstance(self.answers, TextConfig | SequenceConfig):
            raise ValueError(f"shuffled_titles: {self.name} does not read them; only text and sequence do")
        if self.predicts_ratings and not _rates(self.answers):
            raise ValueError(
                f"predicts_ratings: the scores of {self.name} are no ratings; only those of rating-bias and of "
                "user-knn with similarity pearson are"
            )
        if isinstance(self.answers, SequenceConfig) and self.answers.trained is not None:
            raise ValueError(f"trained: what {self.name} was trained on may hold the answers; leave it out here")
        return self


def _rates(answers: AnswererConfig) -> bool:
    """Whether its scores are ratings."""
    match answers:
        case RatingBiasConfig() | UserKnnConfig(similarity="pearson"):
            return True
        case _:
            return False


class EvalConfig(Settings):
    """One benchmark."""

    benchmark: BenchmarkName
    """Names the run's folder."""

    title: str
    """What a reader calls it."""

    data: BenchmarkDataConfig
    """What it is measured on."""

    counts: Counts | None = None
    """What must be left of the data after filtering."""

    protocol: ProtocolConfig
    """The rules."""

    embedder: EmbedderConfig = SentenceTransformerConfig()
    """What turns items into text vectors."""

    depth: PositiveInt = 100
    """How long the rankings are."""

    cutoffs: tuple[PositiveInt, ...] = (5, 10, 20, 100)
    """Where metrics are cut off."""

    headline: str = "ndcg@10"
    """The metric that systems are ordered by."""

    systems: tuple[SystemConfig, ...] = Field(min_length=1)
    """The rows."""

    goals: tuple[Goal, ...] = ()
    """Figures to beat."""

    def of_part(self, part: Part) -> Self:
        """The same benchmark on another part of the data; raises ConfigError where its split has no such part."""
        try:
            protocol = ProtocolConfig.model_validate({**self.protocol.model_dump(), "part": part})
        except ValidationError as err:
            raise ConfigError(
                f"this benchmark's split is {self.protocol.split}, which has no such part",
                field="part",
                value=part,
                remedy="Leave --part out.",
            ) from err
        return self.model_copy(update={"protocol": protocol})

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [system.name for system in self.systems]
        if len(set(names)) != len(names):
            raise ValueError(f"systems: {names} names one system twice")
        for index, system in enumerate(self.systems):
            parts = _parts(system.answers)
            if late := set(parts) - set(names[:index]):
                raise ValueError(
                    f"systems: {system.name} is made of {sorted(late)}, which no system above it is called; "
                    f"these are: {names[:index]}"
                )
            if isinstance(system.answers, Reordering) and system.answers.candidates > self.depth:
                raise ValueError(
                    f"candidates: {system.name} reorders {system.answers.candidates}, more than depth ({self.depth})"
                )
            if isinstance(system.answers, BlendSystemConfig):
                self._check_blend(system.name, parts)
        if unknown := {goal.system for goal in self.goals} - set(names):
            raise ValueError(f"goals: no system is called {sorted(unknown)}; these are: {names}")
        if max(self.cutoffs) > self.depth or len(set(self.cutoffs)) != len(self.cutoffs):
            raise ValueError(f"cutoffs: {self.cutoffs} names one twice, or one beyond depth ({self.depth})")
        measured = {f"{name}@{k}" for name in NAMES for k in self.cutoffs}
        if self.headline not in measured:
            raise ValueError(
                f"headline: {self.headline} is not measured with these cutoffs; name one of {sorted(measured)}"
            )
        if unknown := {goal.metric for goal in self.goals} - measured:
            raise ValueError(f"goals: {sorted(unknown)} is not measured; there are {sorted(measured)}")
        return self

    def _check_blend(self, name: str, parts: Iterable[str]) -> None:
        """A blend learns from what its parts would have answered earlier; some answer as of now only."""
        by_name = {system.name: system.answers for system in self.systems}
        for part in parts:
            match by_name[part]:
                case HybridSystemConfig(of=deeper) | BlendSystemConfig(of=deeper):
                    self._check_blend(name, deeper)
                case RankingsFileConfig():
                    raise ValueError(
                        f"systems: {name} cannot learn from {part}, which knows what came after the moment it learns at"
                    )
                case ShuffledConfig() | RerankedConfig():
                    raise ValueError(
                        f"systems: {name} cannot learn from {part}, which only reorders another system; "
                        "let it learn from that one, and rerank the blend"
                    )


def _parts(answers: AnswererConfig) -> tuple[str, ...]:
    """The systems that this one is made of."""
    match answers:
        case HybridSystemConfig(of=parts) | BlendSystemConfig(of=parts):
            return tuple(parts)
        case ShuffledConfig(of=part) | RerankedConfig(of=part):
            return (part,)
        case _:
            return ()
