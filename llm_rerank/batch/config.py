"""What a batch job is told."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from llm_rerank.config import RecommendConfig
from llm_rerank.ranking import Language
from retrieval.settings import Settings


class RayConfig(Settings):
    """How many engines rank side by side, and what each of them has, with `--ray`."""

    workers: int = Field(default=2, ge=1, le=10_000)
    """Each with an engine of its own."""
    num_cpus: float = Field(default=1, ge=0)
    """Of a worker."""
    num_gpus: float = Field(default=0, ge=0)
    """Of a worker: 1, or a share."""
    address: str | None = None
    """A cluster that is there already: `auto` (where RAY_ADDRESS says, or the one of this machine), or ray://host:10001;
    none: a new one of this machine alone."""


class BatchConfig(Settings):
    """One job, whoever it is for."""

    recommend: RecommendConfig = RecommendConfig()
    """Whose shop, which model."""
    top_n: int = Field(default=10, ge=1, le=1000)
    """Items of a ranking."""
    explained: int = Field(default=0, ge=0, le=100)
    """How many of the first items get a reason, which takes much longer than the order does."""
    language: Language = "en"
    """Of the reasons."""
    instruction: str | None = Field(default=None, min_length=1, max_length=1000)
    """What the model is told, in place of the configured instruction."""
    history: int = Field(default=5000, ge=1)
    """Interactions of a user, the newest, of which anything is heard; the service's `limits.history`."""
    shard_users: int = Field(default=500, ge=1, le=100_000)
    """Users of one output file: what an interruption may cost, and whose histories are in memory at once."""
    users_at_once: int = Field(default=16, ge=1, le=4096)
    """Users whose lists the engine is given at once; it shares them out as it can."""
    patience_seconds: float = Field(default=600, ge=0)
    """How long an engine that does not answer is waited for."""
    cost_per_hour: float | None = Field(default=None, ge=0)
    """Of what it runs on, in whatever currency: the job then says what 1,000 users cost."""
    ray: RayConfig = RayConfig()
    """Where `--ray` ranks."""

    @model_validator(mode="after")
    def _can_be_explained(self) -> Self:
        if self.explained and self.recommend.method != "packed":
            raise ValueError("explained: only packed scores can be explained; set recommend.method: packed, or 0")
        return self

    def found_from_anywhere(self) -> Self:
        """The same, its folders by whole paths: workers run elsewhere."""
        ours = self.recommend
        folders = {name: getattr(ours, name) for name in ("shop", "fusion", "adapter", "writer_adapter")}
        whole = {name: at.absolute() for name, at in folders.items() if isinstance(at, Path)}
        return self.model_copy(update={"recommend": ours.model_copy(update=whole)})
