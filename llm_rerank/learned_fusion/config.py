"""What the fusion can be, and what its trees can be told. Here rather than beside the code, which needs LightGBM."""

from typing import Final, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from retrieval.settings import Settings

Variant = Literal["retrieval", "one weight", "trees without the LLM", "trees with the LLM"]
"""What orders the candidates: retrieval as it is, both sides at one weight for all, trees that do not hear the LLM, or
trees that do."""

VARIANTS: Final[tuple[Variant, ...]] = ("retrieval", "one weight", "trees without the LLM", "trees with the LLM")
"""Each has more to learn than the one before, and needs more users for it."""


class TreesConfig(Settings):
    """Gradient-boosted trees (LightGBM) trained with LambdaRank (Burges, MSR-TR-2010-82)."""

    trees: PositiveInt = 150
    """How many."""

    leaves: PositiveInt = Field(default=4, ge=2)
    """Of each tree, at most. The fewer users there are to learn from, the fewer it should have."""

    learning_rate: PositiveFloat = 0.05
    """How much each tree adds."""

    least_rows: PositiveInt = 50
    """In a leaf, at least: the fewer, the sooner it learns by heart."""

    seed: int = Field(default=0, ge=0)
    """Where every random number comes from: the folds', the trees'."""
