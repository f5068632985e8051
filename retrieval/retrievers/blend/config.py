"""What the blend can be told. Here rather than beside its code, which needs LightGBM."""

from pydantic import Field, PositiveFloat, PositiveInt

from retrieval.settings import Settings


class BlendConfig(Settings):
    """Gradient-boosted trees (LightGBM) trained with LambdaRank (Burges, MSR-TR-2010-82) on held-out interactions."""

    depth: PositiveInt = Field(default=100, le=900)
    """How many candidates each source is asked for, at least. LightGBM takes 10,000 a user, from all sources."""

    users: PositiveInt = 10_000
    """Of how many users, at most, the last basket is held out to learn from. Every fifth of them checks what was learnt
    of the others, of 21 at least: without a check, or where it is not surely better, fusion answers."""

    trees: PositiveInt = 200
    """How many."""

    leaves: PositiveInt = Field(default=15, ge=2)
    """Of each tree, at most."""

    learning_rate: PositiveFloat = 0.05
    """How much each tree adds."""

    least_rows: PositiveInt = 200
    """In a leaf, at least: the fewer, the sooner it learns by heart."""
