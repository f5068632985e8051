"""Retrievers fitted on a part of a shop's log, in a folder from which an interrupted run takes them again."""

import shutil
from pathlib import Path

import numpy as np
from rich.progress import Progress

from finetune.examples_config import ExamplesConfig
from retrieval.config import RetrievalConfig
from retrieval.embedding import embed_catalogue
from retrieval.files import read_arrays, write_arrays
from retrieval.indexes import build_index
from retrieval.progress import telling
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.shop import ShopData

Retrieval = ExamplesConfig | RetrievalConfig
"""What says of retrieval how items are embedded and found, and which sources are joined how."""


def open_shelf(shop: ShopData, config: Retrieval, work: Path, progress: Progress) -> Shelf:
    """All that retrievers are fitted on; items are embedded once and kept in `work`."""
    vectors = embed_catalogue(shop.catalogue, config.embedder, work / "vectors.npz", progress)
    index = build_index(config.index, vectors.dimension)
    index.add([item.item_id for item in shop.catalogue], vectors.at(np.arange(len(shop.catalogue))))
    return Shelf(catalogue=shop.catalogue, log=shop.log, vectors=vectors, index=index)


def fit_hybrid(config: Retrieval, shelf: Shelf, work: Path, progress: Progress, said: str) -> HybridRetriever:
    """The configured sources, fitted on the shelf's log or read from `work`, joined; `said` is told of the progress."""
    weighted = [(_source(config, source, shelf, work, progress, said), source.weight) for source in config.retrievers]
    return HybridRetriever(config.hybrid, shelf.catalogue, weighted)


def _source(
    config: Retrieval, source: RetrieverConfig, shelf: Shelf, work: Path, progress: Progress, said: str
) -> Retriever:
    path = work / f"{source.name}.npz"
    if not path.exists():
        checkpoints = path.with_suffix(".parts")
        name = f"{source.name}, {said}"
        for _ in progress.track(range(1), description=f"fitting {name}"):
            write_arrays(path, fit(source, shelf, config.seed, checkpoints, telling(progress, name)))
        shutil.rmtree(checkpoints, ignore_errors=True)
    return open_retriever(source, shelf, read_arrays(path, remade=True))
