"""The systems of a benchmark: fitted once each and kept, so that no run trains anything twice."""

import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from rich.progress import Progress

from eval.answerers import FiledRetriever, RandomRetriever
from eval.code import ROOT, digest
from eval.config import EvalConfig, FusedConfig, RandomConfig, RankingsFileConfig, SystemConfig
from retrieval.catalogue import Catalogue
from retrieval.embedders import embedder_name
from retrieval.embedders.base import EmbedderConfig
from retrieval.embedding import embed_catalogue
from retrieval.files import Arrays, read_arrays, write_arrays
from retrieval.indexes import build_index
from retrieval.indexes.base import FaissConfig
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import OnStep, Retriever
from retrieval.retrievers.hybrid import HybridRetriever

KEPT: Final = Path("var/eval")
_SHUFFLE: Final = 20_250_101  # seed of the control; one is enough


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """A system that can be asked."""

    retriever: Retriever
    arrays: Arrays
    seconds: float
    """What fitting it took, when it was fitted."""


class Systems:
    """Fits and opens the systems of one benchmark on one training log."""

    def __init__(
        self, config: EvalConfig, catalogue: Catalogue, train: InteractionLog, progress: Progress, kept: Path = KEPT
    ) -> None:
        self._config, self._catalogue, self._train = config, catalogue, train
        self._progress, self._kept = progress, kept
        self.vectors = _text_vectors(catalogue, config.embedder, kept, progress)
        self._open: dict[tuple[str, int], Fitted] = {}
        self._shelves: dict[bool, Shelf] = {}

    def open(self, system: SystemConfig, seed: int) -> Fitted:
        """The system under this seed."""
        key = (system.name, seed)
        if key not in self._open:
            self._open[key] = self._make(system, seed)
        return self._open[key]

    def _make(self, system: SystemConfig, seed: int) -> Fitted:
        match system.answers:
            case RandomConfig():
                return Fitted(retriever=RandomRetriever(self._catalogue, seed), arrays={}, seconds=0.0)
            case RankingsFileConfig(path=path):
                return Fitted(retriever=FiledRetriever(self._catalogue, path), arrays={}, seconds=0.0)
            case FusedConfig() as fused:
                return self._fuse(fused, seed)
            case retriever:
                return self._fit(system.name, retriever, self._shelf(system.shuffled_titles), seed)

    def _fuse(self, fused: FusedConfig, seed: int) -> Fitted:
        by_name = {system.name: system for system in self._config.systems}
        parts = [(self.open(by_name[name], _seed(by_name[name], seed)), w) for name, w in fused.of.items()]
        retriever = HybridRetriever(fused, self._catalogue, [(part.retriever, weight) for part, weight in parts])
        return Fitted(retriever=retriever, arrays={}, seconds=sum(part.seconds for part, _ in parts))

    def _fit(self, name: str, config: RetrieverConfig, shelf: Shelf, seed: int) -> Fitted:
        made_of = f"{config.model_dump_json()} {seed} {self._train.fingerprint} {_print(shelf.vectors)} {_code(config)}"
        path = self._kept / "fitted" / f"{config.kind}-{sha256(made_of.encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            start = perf_counter()
            arrays = fit(config, shelf, seed, path.with_suffix(".parts"), self._telling(name))
            write_arrays(path, {**arrays, "seconds": np.array(perf_counter() - start)})
            shutil.rmtree(path.with_suffix(".parts"), ignore_errors=True)
        arrays = read_arrays(path)
        seconds = float(arrays.pop("seconds"))
        return Fitted(retriever=open_retriever(config, shelf, arrays), arrays=arrays, seconds=seconds)

    def _shelf(self, shuffled: bool) -> Shelf:
        if shuffled not in self._shelves:
            vectors = self.vectors
            if shuffled:
                place = np.random.default_rng(_SHUFFLE).permutation(vectors.place)
                vectors = ItemVectors(distinct=vectors.distinct, place=place)
            index = build_index(FaissConfig(), vectors.dimension)
            ids = [item.item_id for item in self._catalogue]
            index.add(ids, vectors.at(np.arange(len(ids))))
            self._shelves[shuffled] = Shelf(catalogue=self._catalogue, log=self._train, vectors=vectors, index=index)
        return self._shelves[shuffled]

    def _telling(self, name: str) -> OnStep:
        """Shows how far a fit is."""
        task = self._progress.add_task(f"{name}: fitting", total=None)

        def on_step(done: int, steps: int, text: str) -> None:
            self._progress.update(task, completed=done, total=steps, description=f"{name}: {text}")

        return on_step


def _text_vectors(catalogue: Catalogue, embedder: EmbedderConfig, kept: Path, progress: Progress) -> ItemVectors:
    """The catalogue's text vectors, embedded once for all runs."""
    texts = [embedder_name(embedder), *(item.text for item in catalogue)]
    made_of = sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return embed_catalogue(catalogue, embedder, kept / "vectors" / f"{made_of}.npz", progress)


def _seed(system: SystemConfig, seed: int) -> int:
    """The seed itself, or the first of a system that is not fitted with it: some need no chance and have one only."""
    return seed if seed in system.seeds else system.seeds[0]


def _print(vectors: ItemVectors) -> str:
    return sha256(vectors.distinct.tobytes() + vectors.place.tobytes()).hexdigest()[:16]


def _code(config: RetrieverConfig) -> list[str]:
    """Changes with the code that fits this kind of retriever."""
    folder = ROOT / "retrieval" / "retrievers" / ("sequence" if config.kind == "sequence" else "")
    return [digest(path) for path in sorted(folder.glob("*.py"))]
