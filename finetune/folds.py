"""Retrievers that have not seen whom they are asked about: one hybrid a fold, fitted on the other folds' users."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from finetune.examples_config import ExamplesConfig
from finetune.hybrids import fit_hybrid, open_shelf
from retrieval.errors import DatasetError
from retrieval.log import InteractionLog
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
        self._shelf = open_shelf(shop, config, work, progress)
        self._hybrids = [self._hybrid(fold) for fold in range(config.folds)]

    def retriever(self, user_id: str) -> Retriever:
        """What was fitted without anything of this user."""
        return self._hybrids[self._fold_of[user_id]]

    def _hybrid(self, fold: int) -> HybridRetriever:
        shelf = replace(self._shelf, log=self._others(fold))
        said = f"fold {fold + 1} of {self._config.folds}"
        return fit_hybrid(self._config, shelf, self._work / f"fold-{fold}", self._progress, said)

    def _others(self, fold: int) -> InteractionLog:
        fold_of = self._shelf.log.frame["user_id"].map(self._fold_of).to_numpy()
        return self._shelf.log.where(fold_of != fold)
