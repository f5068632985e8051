"""What a teacher is told."""

from pathlib import Path
from typing import Self

from pydantic import Field, PositiveInt, model_validator

from finetune.training.config import NegativesConfig
from llm_rerank.config import RerankerConfig
from retrieval.settings import Settings


class TeachConfig(Settings):
    """From examples to the same with a teacher's opinion of each list."""

    examples: Path
    """The folder that `llm-rerank examples` wrote."""

    teachers: tuple[RerankerConfig, ...] = Field(min_length=1)
    """A larger model, or several, all held in memory: an ensemble teaches the mean of their log-odds."""

    users: PositiveInt | None = None
    """How many users' lists to score; none: of all."""

    lists_per_user: PositiveInt | None = 1
    """How many of a user's lists, some that follow each other; none: all."""

    negatives: NegativesConfig | None = None
    """How many of each kind are scored and kept, the first that the examples hold; none: all of them."""

    seed: int = Field(default=0, ge=0)
    """Which of them, is drawn by it."""

    @model_validator(mode="after")
    def _only_score(self) -> Self:
        usual = RerankerConfig()
        if letters := [teacher.method for teacher in self.teachers if teacher.method != "packed"]:
            raise ValueError(f"teachers: {letters[0]} are probabilities within lists of 20; score packed")
        if any((one.candidates, one.llm_weight) != (usual.candidates, usual.llm_weight) for one in self.teachers):
            raise ValueError("teachers: candidates and llm_weight have no say here; leave them out")
        return self
