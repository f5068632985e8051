"""The index seam: item vectors in, the nearest items out."""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from retrieval.errors import DataError, RecordError, UnknownItemError
from retrieval.settings import Settings

Neighbours = tuple[tuple[str, float], ...]
"""Item ids with their inner product, best first."""


class VectorIndex(Protocol):
    """Nearest neighbours by inner product over item vectors that may come, change and go."""

    def __len__(self) -> int: ...

    def add(self, item_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds items; an id that is already there gets the new vector. `vectors`: (len(item_ids), dimension)."""
        ...

    def remove(self, item_ids: Sequence[str]) -> None:
        """Removes items; raises UnknownItemError, removing none, when an id is not there."""
        ...

    def search(self, queries: NDArray[np.float32], top_n: int) -> tuple[Neighbours, ...]:
        """For each row of `queries` (q, dimension) the `top_n` nearest items, fewer when the index holds fewer.

        Raises DataError for a query that is not finite: nothing is near it.
        """
        ...

    def save(self, folder: Path) -> None:
        """Writes the index into `folder`; its `load` counterpart is a class method of each implementation."""
        ...


class ExactConfig(Settings):
    """The stand-in: every vector is looked at, in numpy."""

    kind: Literal["exact"] = "exact"


class FaissConfig(Settings):
    """FAISS: flat for a small catalogue, inverted lists for a large one; on a GPU where FAISS has one."""

    kind: Literal["faiss"] = "faiss"

    ivf_from: PositiveInt = 50_000
    """From this many items on a search looks into the nearest lists only (IVF), which is faster and not exact."""

    nprobe: PositiveInt | None = None
    """How many lists a search looks into: more find more and take longer. None: every seventh, which is enough to find
    95 % of the nearest 100 of a million vectors wherever they lie (docs/results/index-latency)."""


IndexConfig = Annotated[ExactConfig | FaissConfig, Field(discriminator="kind")]
"""Any of the indexes, told apart by `kind`."""


def newest(item_ids: Sequence[str], vectors: NDArray[np.float32], dimension: int) -> dict[str, NDArray[np.float32]]:
    """The vector of each id, the last one where an id comes twice; raises RecordError for vectors that do not fit."""
    if vectors.shape != (len(item_ids), dimension) or not np.isfinite(vectors).all():
        raise RecordError(
            f"vectors are finite and of shape ({len(item_ids)}, {dimension})",
            field="vectors",
            value=vectors.shape,
            remedy="Embed the items with the embedder that the index was built with.",
        )
    return dict(zip(item_ids, vectors, strict=True))


def check_queries(queries: NDArray[np.float32]) -> None:
    """Raises DataError for a query that is not finite."""
    if not np.isfinite(queries).all():
        raise DataError(
            "a vector to search for is not finite",
            field="queries",
            value=float(queries[~np.isfinite(queries)][0]),
            remedy="The model that made it is damaged: train it again, or build again with --overwrite.",
        )


def check_present(item_ids: Sequence[str], known: Container[str]) -> None:
    """Raises UnknownItemError for the first id that the index does not hold."""
    for item_id in item_ids:
        if item_id not in known:
            raise UnknownItemError(
                "the index holds no such item", field="item_id", value=item_id, remedy="Remove only what was added."
            )
