"""Opening a build folder: all that answering needs, and nothing that only building needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig
from retrieval.files import read_arrays, unreadable
from retrieval.indexes import load_index
from retrieval.indexes.base import VectorIndex
from retrieval.item_vectors import ItemVectors
from retrieval.layout import BLEND, INDEX, VECTORS, retriever_file
from retrieval.log import InteractionLog
from retrieval.manifest import MANIFEST, Manifest
from retrieval.retrievers import Shelf, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.shop import ShopData
from retrieval.stored_shop import load_shop


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltShop:
    """A shop that is ready to propose items."""

    shop: ShopData
    config: RetrievalConfig
    manifest: Manifest
    vectors: ItemVectors
    index: VectorIndex
    retriever: Retriever

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells."""
        return self.shop.catalogue

    @property
    def log(self) -> InteractionLog:
        """What its users did up to the build."""
        return self.shop.log

    @property
    def as_built(self) -> "BuiltShop":
        """What was fitted to it knows this one, whatever changes."""
        return self

    def text_vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of what an embedder reads of these items, shape (len(item_ids), dimension)."""
        return self.vectors.at(np.array([self.catalogue.position(item_id) for item_id in item_ids], dtype=np.intp))


def load_folder(folder: Path) -> BuiltShop:
    """A finished build; raises BuildError where the folder is unfinished or a file of it is missing or damaged."""
    manifest = Manifest.read(folder)
    manifest.verify(folder)
    config = config_of(manifest, folder)
    shop = load_shop(folder)
    vectors = ItemVectors(**read_arrays(folder / VECTORS))
    index = load_index(config.index, folder / INDEX)
    shelf = Shelf(catalogue=shop.catalogue, log=shop.log, vectors=vectors, index=index)
    sources = [
        open_retriever(source, shelf, read_arrays(folder / retriever_file(source))) for source in config.retrievers
    ]
    retriever = _join(config, shelf, sources, folder)
    return BuiltShop(shop=shop, config=config, manifest=manifest, vectors=vectors, index=index, retriever=retriever)


def fuse(config: RetrievalConfig, catalogue: Catalogue, sources: Iterable[Retriever]) -> HybridRetriever:
    """The configured retrievers, opened and in their order, as the configuration weighs them."""
    weights = [source.weight for source in config.retrievers]
    return HybridRetriever(config.hybrid, catalogue, list(zip(sources, weights, strict=True)))


def _join(config: RetrievalConfig, shelf: Shelf, sources: list[Retriever], folder: Path) -> Retriever:
    """All sources as one."""
    fusion = fuse(config, shelf.catalogue, sources)
    if config.blend is None:
        return fusion
    from retrieval.retrievers.blend.retriever import BlendRetriever  # brings LightGBM

    arrays = read_arrays(folder / BLEND)
    by_name = {source.name: source for source in sources}
    return BlendRetriever(config.blend, shelf.catalogue, shelf.vectors, shelf.log, by_name, arrays, fusion)


def config_of(manifest: Manifest, folder: Path) -> RetrievalConfig:
    """What it was built with; raises BuildError for settings that this version does not know."""
    try:
        return RetrievalConfig.model_validate(manifest.plan.config)
    except ValidationError as err:  # built by a version that had other settings
        raise unreadable(folder / MANIFEST) from err
