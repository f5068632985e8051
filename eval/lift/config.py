"""A lift as data: whose first candidates are scored by which LLM, and from whom the fusion is learnt."""

from pathlib import Path
from typing import Literal, Self

from pydantic import NonNegativeInt, PositiveInt, model_validator

from eval.config import MeasuredConfig
from eval.result import BenchmarkName, SystemName
from llm_rerank.learned_fusion.config import TreesConfig
from retrieval.settings import Settings


class LiftGoal(Settings):
    """A figure to beat."""

    row: str = "fused"
    """Which order of the candidates."""

    figure: Literal["lift", "held", "everybody"]
    """lift: NDCG@10 by how much of retrieval's, over users whose candidates hold what they took; held: NDCG@10 over the
    same users; everybody: over all users."""

    at_least: float
    source: str
    """Whose figure it is."""


class LiftConfig(Settings):
    """One measurement."""

    lift: BenchmarkName
    """Names its folder."""

    title: str
    """What a reader calls it."""

    benchmark: Path
    """A file of configs/eval/: the data, the rules and the systems."""

    of: SystemName
    """The system whose first candidates are put into another order: retrieval."""

    also: tuple[SystemName, ...] = ()
    """Other systems, whose opinions of the same candidates the trees hear; a hybrid or a blend brings its own."""

    seed: NonNegativeInt = 0
    """Of that system."""

    reranker: MeasuredConfig
    """The LLM, its adapter and prompt, and how many candidates it scores."""

    learners: PositiveInt | None = None
    """Of how many users the fusion is learnt, drawn at random from those of the part before whose candidates hold what
    they then took; none: of all."""

    users: PositiveInt | None = None
    """How many users of the test part are asked about, drawn at random from those whose candidates hold what they took;
    none: all, and only then there are figures over everybody."""

    trees: TreesConfig = TreesConfig()
    """The fusion."""

    goals: tuple[LiftGoal, ...] = ()
    """Figures to beat."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.reranker.candidates < 10:
            raise ValueError("candidates: figures are at 10; let the LLM score at least as many")
        if self.users is not None and any(goal.figure == "everybody" for goal in self.goals):
            raise ValueError("goals: of some users there are no figures over everybody; leave `users` out")
        if self.reranker.method != "packed":
            raise ValueError("method: letters depend on the rest of the list; a lift is measured with packed scores")
        return self
