"""The embedder seam: texts in, unit vectors out."""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from retrieval.settings import Settings


class Embedder(Protocol):
    """Turns texts into vectors whose inner product is their similarity."""

    @property
    def name(self) -> str:
        """Names the model and its version: two embedders of one name give the same vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), every row of length 1; no text gives shape (0, dimension)."""
        ...


class HashingConfig(Settings):
    """The stand-in: no model, only words and letters."""

    kind: Literal["hashing"] = "hashing"

    dimension: PositiveInt = 256
    """Length of every vector: the longer, the fewer words share a place."""


class SentenceTransformerConfig(Settings):
    """A sentence-transformers model."""

    kind: Literal["sentence-transformers"] = "sentence-transformers"

    model: str = "minilm"
    """`minilm` (all-MiniLM-L6-v2 from its wheel), a folder, or a model's name on the hub."""

    device: str = "cpu"
    """Where it computes: `cpu`, `cuda`, `cuda:1`, `mps`."""

    batch_size: PositiveInt = 64
    """Texts in one forward pass."""

    download: bool = False
    """Fetch a hub model that is not on this machine; without it nothing ever touches the network."""


EmbedderConfig = Annotated[HashingConfig | SentenceTransformerConfig, Field(discriminator="kind")]
"""Any of the embedders, told apart by `kind`."""


def distinct(texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """The different texts in order of appearance, and for each text its place among them: embed once, copy often."""
    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return tuple(place), np.array([place[text] for text in texts], dtype=np.intp)
