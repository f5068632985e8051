"""What the collaborative models can be told. Here rather than beside their code: it needs LensKit, torch or SciPy."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from retrieval.retrievers.base import SourceConfig, TasteConfig


class CollaborativeConfig(SourceConfig):
    """What every collaborative model can be told."""

    items: PositiveInt | None = None
    """Fit on this many of the most popular items only; none: on every item anybody touched."""

    taste: TasteConfig = TasteConfig()
    """How much each item of the history counts when a user is served."""


class ItemKnnConfig(CollaborativeConfig):
    """Item nearest neighbours by cosine (Deshpande and Karypis, TOIS 2004)."""

    kind: Literal["item-knn"] = "item-knn"

    items: PositiveInt | None = 20_000

    neighbours: PositiveInt = 100
    """How many neighbours each item keeps."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class UserKnnConfig(CollaborativeConfig):
    """User nearest neighbours (Herlocker et al., SIGIR 1999)."""

    kind: Literal["user-knn"] = "user-knn"

    similarity: Literal["cosine", "pearson"] = "cosine"
    """cosine: of what was touched; pearson: of ratings (where there are none, of 1 + log of how often)."""

    neighbours: PositiveInt = 100
    """How many of the most similar users are asked."""

    @property
    def name(self) -> str:
        """The source's name."""
        return f"{self.kind}-{self.similarity}"


class AlsConfig(CollaborativeConfig):
    """Implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky, ICDM 2008)."""

    kind: Literal["als"] = "als"

    items: PositiveInt | None = 20_000

    dimension: PositiveInt = 128
    """Length of the item vectors."""

    epochs: PositiveInt = 10
    """Passes over the data."""

    confidence: PositiveFloat = 10.0
    """How much more a touched item counts than an untouched one."""

    regularization: PositiveFloat = 1.0
    """Pull of every vector towards zero."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class EaseConfig(CollaborativeConfig):
    """EASE, a linear autoencoder in closed form (Steck, WWW 2019)."""

    kind: Literal["ease"] = "ease"

    items: PositiveInt = Field(default=6_000, le=30_000)
    """Fit on this many of the most popular items only: the matrix is items x items and dense (6,000: 144 MB)."""

    regularization: PositiveFloat = 200.0
    """Pull of the weights towards zero."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class LightGcnConfig(CollaborativeConfig):
    """LightGCN, a graph convolution without weights (He et al., SIGIR 2020)."""

    kind: Literal["lightgcn"] = "lightgcn"

    items: PositiveInt | None = 20_000

    dimension: PositiveInt = 64
    """Length of the vectors."""

    layers: PositiveInt = 2
    """Steps that taste spreads over the graph."""

    epochs: PositiveInt = 10
    """Passes over the data."""

    learning_rate: PositiveFloat = 0.01
    """Step size."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class TransitionsConfig(SourceConfig):
    """Linear item-to-item transitions (SLIT of Choi, Kim, Lee, Shim and Lee, WWW 2021)."""

    kind: Literal["transitions"] = "transitions"

    items: PositiveInt = Field(default=10_000, le=30_000)
    """Fit on this many of the most popular items only: four matrices of items x items are held (10,000: 1.6 GB)."""

    decay: PositiveFloat = Field(default=0.6, le=1)
    """What an interaction weighs against the one after it."""

    horizon: PositiveInt = 3
    """How many of the interactions that follow are foreseen."""

    future_decay: PositiveFloat = Field(default=0.3, le=1)
    """What an interaction that follows weighs against the one before it."""

    regularization: PositiveFloat = 20.0
    """Pull of the weights towards zero."""

    neighbours: PositiveInt = 200
    """How many items, those of the largest weights, each item leads to."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


ModelConfig = ItemKnnConfig | UserKnnConfig | AlsConfig | EaseConfig | LightGcnConfig
"""Any of the models that LensKit fits."""
