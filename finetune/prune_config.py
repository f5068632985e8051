"""What pruning is told."""

from pathlib import Path

from pydantic import Field, PositiveInt

from llm_rerank.prompt import PromptConfig
from retrieval.settings import Settings


class PruneConfig(Settings):
    """From a model to the same with fewer layers."""

    model: str
    """The folder of a merged checkpoint, or a hub model by name: what was tuned is pruned, not what will be."""

    examples: Path
    """A folder that `llm-rerank examples` wrote: their prompts tell which layers do least."""

    prompt: PromptConfig = PromptConfig()
    """What the model is asked."""

    keep_layers: PositiveInt
    """How many to keep."""

    lists: PositiveInt = 64
    """How many lists to look at."""

    seed: int = Field(default=0, ge=0)
    """Which of them, is drawn by it."""
