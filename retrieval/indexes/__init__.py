"""Nearest neighbours: an exact stand-in and FAISS."""

from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import MissingExtraError
from retrieval.indexes.base import ExactConfig, FaissConfig, IndexConfig, VectorIndex
from retrieval.indexes.exact import ExactIndex

if TYPE_CHECKING:
    from retrieval.indexes.faiss import FaissIndex


def build_index(config: IndexConfig, dimension: int) -> VectorIndex:
    """An empty index for vectors of this length."""
    match config:
        case ExactConfig():
            return ExactIndex(dimension)
        case FaissConfig():
            return _faiss()(config, dimension)


def load_index(config: IndexConfig, folder: Path) -> VectorIndex:
    """The index that was saved in `folder`; raises BuildError where it is incomplete or damaged."""
    match config:
        case ExactConfig():
            return ExactIndex.load(folder)
        case FaissConfig():
            return _faiss().load(folder, config)


def _faiss() -> "type[FaissIndex]":
    try:
        from retrieval.indexes.faiss import FaissIndex
    except ImportError as err:
        raise MissingExtraError(
            "this index needs FAISS",
            field="index.kind",
            value="faiss",
            remedy="pip install 'llm-rerank[retrieval]', or use the index kind: exact.",
        ) from err
    return FaissIndex
