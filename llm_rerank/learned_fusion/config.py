"""What the trees can be told. Here rather than beside their code, which needs LightGBM."""

from pydantic import Field, PositiveFloat, PositiveInt

from retrieval.settings import Settings


class TreesConfig(Settings):
    """Gradient-boosted trees (LightGBM) trained with LambdaRank (Burges, MSR-TR-2010-82)."""

    trees: PositiveInt = 150
    """How many."""

    leaves: PositiveInt = Field(default=8, ge=2)
    """Of each tree, at most."""

    learning_rate: PositiveFloat = 0.05
    """How much each tree adds."""

    least_rows: PositiveInt = 50
    """In a leaf, at least: the fewer, the sooner it learns by heart."""

    seed: int = Field(default=0, ge=0)
    """Where every random number comes from: the folds', the trees'."""
