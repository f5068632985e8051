"""A blend whose trees have not learnt from whom it is asked about: one for each half of the users, of the other."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import Progress

from eval.config import BlendSystemConfig
from eval.fitted import fitted_once, timed
from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.fitting import fit_blend
from retrieval.retrievers.blend.retriever import BlendRetriever
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever
from retrieval.splits import Split

_HALVES: Final = 2


class Halves:
    """The blends of one split."""

    def __init__(
        self,
        config: BlendSystemConfig,
        split: Split,
        sources: Mapping[str, Retriever],
        catalogue: Catalogue,
        vectors: ItemVectors,
        seed: int,
        repeats: bool,
    ) -> None:
        """`sources` were fitted on `split.train`; see fit_blend."""
        self._config, self._split, self._sources, self._seed, self._repeats = config, split, sources, seed, repeats
        self._catalogue, self._vectors = catalogue, vectors
        self._fusion = HybridRetriever(HybridConfig(), catalogue, [(source, 1.0) for source in sources.values()])

    def fitted(self, made_of: str, kept: Path, progress: Progress) -> Mapping[str, Retriever]:
        """Each user's blend, learnt or taken from `kept`, where it lies by `made_of`: the sources' settings."""
        users = sorted(self._split.targets)
        half = np.random.default_rng([self._seed, 4]).permutation(len(users)) % _HALVES
        found: dict[str, Retriever] = {}
        for number in range(_HALVES):
            others = {user: self._split.targets[user] for user, of in zip(users, half, strict=True) if of != number}
            named = f"{made_of} {self._config.model_dump_json()} {self._split.train.fingerprint} {sorted(others)}"
            blend = self._open(
                self._arrays(others, f"{named} {self._catalogue.fingerprint} {self._seed}", kept, progress)
            )
            found |= {user: blend for user, of in zip(users, half, strict=True) if of == number}
        return found

    def _arrays(self, others: Mapping[str, tuple[str, ...]], named: str, kept: Path, progress: Progress) -> Arrays:
        split = replace(self._split, targets=others)

        def fit() -> Arrays:
            return fit_blend(
                self._config,
                split,
                self._sources,
                self._fusion,
                self._catalogue,
                self._vectors,
                self._seed,
                repeats=self._repeats,
                track=lambda users: progress.track(users, description="a blend of the other half"),
            )

        arrays, _ = fitted_once(kept, "blend", named, lambda work: timed(fit, work))
        return arrays

    def _open(self, arrays: Arrays) -> Retriever:
        log = self._split.train
        return BlendRetriever(self._config, self._catalogue, self._vectors, log, self._sources, arrays, self._fusion)
