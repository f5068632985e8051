"""Retrievers that have not seen whom they are asked about: one hybrid a fold, fitted on the other folds' users."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from finetune.examples_config import ExamplesConfig
from retrieval.embedding import embed_catalogue
from retrieval.errors import DatasetError
from retrieval.files import read_arrays, write_arrays
from retrieval.indexes import build_index
from retrieval.log import InteractionLog
from retrieval.progress import telling
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.shop import ShopData


def deal(users: int, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of every user; raises DatasetError where one would be empty."""
    if users < folds:
        raise DatasetError(
            f"the log has {users} users, too few to deal them to so many folds",
            field="folds",
            value=folds,
            remedy="Give a log of more users, or no retrievers.",
        )
    fold: NDArray[np.intp] = np.random.default_rng([seed, 1]).permutation(users) % folds
    return fold


class Folds:
    """The hybrids of all folds, fitted in `work` or read from there."""

    def __init__(self, shop: ShopData, config: ExamplesConfig, work: Path, progress: Progress) -> None:
        self._config, self._work, self._progress = config, work, progress
        fold: list[int] = deal(len(shop.log.user_ids), config.folds, config.seed).tolist()
        self._fold_of = dict(zip(shop.log.user_ids, fold, strict=True))
        vectors = embed_catalogue(shop.catalogue, config.embedder, work / "vectors.npz", progress)
        index = build_index(config.index, vectors.dimension)
        index.add([item.item_id for item in shop.catalogue], vectors.at(np.arange(len(shop.catalogue))))
        self._shelf = Shelf(catalogue=shop.catalogue, log=shop.log, vectors=vectors, index=index)
        self._hybrids = [self._hybrid(fold) for fold in range(config.folds)]

    def retriever(self, user_id: str) -> Retriever:
        """What was fitted without anything of this user."""
        return self._hybrids[self._fold_of[user_id]]

    def _hybrid(self, fold: int) -> HybridRetriever:
        shelf = replace(self._shelf, log=self._others(fold))
        weighted = [(self._source(source, shelf, fold), source.weight) for source in self._config.retrievers]
        return HybridRetriever(self._config.hybrid, shelf.catalogue, weighted)

    def _others(self, fold: int) -> InteractionLog:
        fold_of = self._shelf.log.frame["user_id"].map(self._fold_of).to_numpy()
        return self._shelf.log.where(fold_of != fold)

    def _source(self, source: RetrieverConfig, shelf: Shelf, fold: int) -> Retriever:
        path = self._work / f"fold-{fold}" / f"{source.name}.npz"
        if not path.exists():
            checkpoints = path.with_suffix(".parts")
            name = f"{source.name}, fold {fold + 1} of {self._config.folds}"
            with_said = telling(self._progress, name)
            for _ in self._progress.track(range(1), description=f"fitting {name}"):
                write_arrays(path, fit(source, shelf, self._config.seed, checkpoints, with_said))
            shutil.rmtree(checkpoints, ignore_errors=True)
        return open_retriever(source, shelf, read_arrays(path, remade=True))
