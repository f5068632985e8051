"""The systems of a benchmark: fitted, opened, and joined where one is made of others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import Progress

from eval.answerers import FiledRetriever, RandomRetriever
from eval.code import code_behind, one_digest
from eval.config import (
    BlendSystemConfig,
    EvalConfig,
    HybridSystemConfig,
    RandomConfig,
    RankingsFileConfig,
    Reordering,
    RerankedConfig,
    ShuffledConfig,
    SystemConfig,
)
from eval.environment import versions
from eval.fitted import fitted_once, one_at_a_time, timed
from eval.llm_scores import LlmScores, asked_how
from eval.protocol import inner_split, masks
from eval.rating_bias import RatingBiasConfig, RatingBiasRetriever, fit_rating_bias
from eval.reranked import Chance, RerankedRetriever, Score
from retrieval.catalogue import Catalogue
from retrieval.embedders import embedder_name
from retrieval.embedders.base import EmbedderConfig
from retrieval.embedding import embed_catalogue
from retrieval.files import Arrays
from retrieval.indexes import build_index
from retrieval.indexes.base import FaissConfig
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.progress import telling
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.fitting import fit_blend
from retrieval.retrievers.blend.retriever import BlendRetriever
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever
from retrieval.splits import Split

KEPT: Final = Path("var/eval")
_SHUFFLE: Final = 20_250_101  # seed of the control; one is enough


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A system that can be asked."""

    retriever: Retriever
    arrays: Arrays
    """What it has learnt; {} where it is made of others, or learns nothing."""

    seconds: float
    """What fitting it took, when it was fitted, its parts included; NaN where that is not known."""

    llm: LlmScores | None = None
    """The language model's say, where it has one."""


class Systems:
    """Fits and opens the systems of one benchmark on one training log."""

    def __init__(
        self,
        config: EvalConfig,
        catalogue: Catalogue,
        train: InteractionLog,
        inner: Callable[[], Split],
        progress: Progress,
        kept: Path = KEPT,
    ) -> None:
        """`inner` is what a blend learns from; all of it is in, or held out from, what came before the answers."""
        self._config, self._catalogue, self._train = config, catalogue, train
        self._inner, self._progress, self._kept = inner, progress, kept
        self._open: dict[tuple[str, int], System] = {}
        self._shelves: dict[bool, Shelf] = {}
        self._llms: dict[str, LlmScores] = {}
        self._made_of = f"{catalogue.fingerprint} {train.fingerprint}"
        self.vectors = text_vectors(catalogue, config.embedder, kept, progress)

    def open(self, system: SystemConfig, seed: int) -> System:
        """The system under this seed."""
        key = (system.name, seed)
        if key not in self._open:
            self._open[key] = self._make(system, seed)
        return self._open[key]

    def _make(self, system: SystemConfig, seed: int) -> System:
        match system.answers:
            case RandomConfig():
                return System(retriever=RandomRetriever(self._catalogue, seed), arrays={}, seconds=0.0)
            case RankingsFileConfig(path=path):
                return System(retriever=FiledRetriever(self._catalogue, path), arrays={}, seconds=0.0)
            case RatingBiasConfig() as bias:
                return self._learn_bias(bias)
            case HybridSystemConfig() as hybrid:
                return self._fuse(hybrid, seed)
            case BlendSystemConfig() as blended:
                return self._blend(blended, seed)
            case ShuffledConfig() as shuffled:
                return self._reorder(shuffled, Chance(seed), seed)
            case RerankedConfig() as reranked:
                llm = self._llm(reranked)
                return self._reorder(reranked, partial(llm.fused, weight=reranked.llm_weight), seed, llm)
            case retriever:
                return self._fit(system.name, retriever, self._shelf(system.shuffled_titles), seed)

    def _fit(self, name: str, config: RetrieverConfig, shelf: Shelf, seed: int) -> System:
        made_of = f"{config.model_dump_json()} {seed} {self._made_of} {_digest(shelf.vectors)}"
        arrays, seconds = fitted_once(
            self._kept / "fitted",
            config.kind,
            made_of,
            lambda work: timed(lambda: fit(config, shelf, seed, work, telling(self._progress, name)), work),
        )
        return System(retriever=open_retriever(config, shelf, arrays), arrays=arrays, seconds=seconds)

    def _learn_bias(self, config: RatingBiasConfig) -> System:
        arrays, seconds = fitted_once(
            self._kept / "fitted",
            config.kind,
            f"{config.model_dump_json()} {self._made_of}",
            lambda work: timed(lambda: fit_rating_bias(config, self._catalogue, self._train), work),
        )
        retriever = RatingBiasRetriever(config, self._catalogue, arrays)
        return System(retriever=retriever, arrays=arrays, seconds=seconds)

    def _parts(self, names: Iterable[str], seed: int) -> dict[str, System]:
        by_name = {system.name: system for system in self._config.systems}
        return {name: self.open(by_name[name], _seed(by_name[name], seed)) for name in names}

    def _fuse(self, hybrid: HybridSystemConfig, seed: int) -> System:
        parts = self._parts(hybrid.of, seed)
        weighted = [(parts[name].retriever, weight) for name, weight in hybrid.of.items()]
        retriever = HybridRetriever(hybrid, self._catalogue, weighted)
        return System(retriever=retriever, arrays={}, seconds=_seconds(parts))

    def _blend(self, blended: BlendSystemConfig, seed: int) -> System:
        settings, inner = self._config.model_dump_json(include={"systems", "protocol"}), self._inner()
        arrays, seconds = fitted_once(
            self._kept / "fitted",
            "blend",
            f"{blended.model_dump_json()} {settings} {seed} {self._made_of} {_digest(self.vectors)} {_asked(inner)}",
            lambda work: self._learn_blend(blended, inner, seed, work),
        )
        parts = self._parts(blended.of, seed)
        sources = {name: part.retriever for name, part in parts.items()}
        fusion = self._equally(sources.values())
        retriever = BlendRetriever(blended, self._catalogue, self.vectors, self._train, sources, arrays, fusion)
        return System(retriever=retriever, arrays=arrays, seconds=seconds + _seconds(parts))

    def _learn_blend(self, blended: BlendSystemConfig, inner: Split, seed: int, work: Path) -> tuple[Arrays, float]:
        """Learns from the parts as they would have answered before the newest of the log happened.

        The seconds are its own and what these parts took when they were fitted.
        """
        earlier = Systems(
            self._config,
            self._catalogue,
            inner.train,
            lambda: inner_split(self._config.protocol, inner.train),
            self._progress,
            self._kept,
        )
        parts = earlier._parts(blended.of, seed)
        sources = {name: part.retriever for name, part in parts.items()}
        arrays, seconds = timed(
            lambda: fit_blend(
                blended,
                inner,
                sources,
                self._equally(sources.values()),
                self._catalogue,
                self.vectors,
                seed,
                repeats=not masks(self._config.protocol),
                track=lambda users: self._progress.track(users, description="blend: asking its parts"),
            ),
            work,
        )
        return arrays, seconds + _seconds(parts)

    def _equally(self, sources: Iterable[Retriever]) -> HybridRetriever:
        """What a blend of these sources must beat, and what answers where it does not."""
        return HybridRetriever(HybridConfig(), self._catalogue, [(source, 1.0) for source in sources])

    def _reorder(self, config: Reordering, score: Score, seed: int, llm: LlmScores | None = None) -> System:
        (part,) = self._parts([config.of], seed).values()
        retriever = RerankedRetriever(part.retriever, config.candidates, score)
        return System(retriever=retriever, arrays={}, seconds=part.seconds, llm=llm)

    def _llm(self, config: RerankedConfig) -> LlmScores:
        """One for all systems that ask the same model the same way."""
        how = asked_how(config)
        if how not in self._llms:
            say = partial(self._progress.console.print, markup=False)
            self._llms[how] = LlmScores(config, self._catalogue, self._kept, say)
        return self._llms[how]

    def _shelf(self, shuffled: bool) -> Shelf:
        if shuffled not in self._shelves:
            vectors = self.vectors
            if shuffled:
                order, place = np.random.default_rng(_SHUFFLE).permutation(len(vectors.place)), vectors.place.copy()
                place[order] = vectors.place[np.roll(order, 1)]  # in a ring, so that no item keeps its own
                vectors = ItemVectors(distinct=vectors.distinct, place=place)
            index = build_index(FaissConfig(), vectors.dimension)
            ids = [item.item_id for item in self._catalogue]
            index.add(ids, vectors.at(np.arange(len(ids))))
            self._shelves[shuffled] = Shelf(catalogue=self._catalogue, log=self._train, vectors=vectors, index=index)
        return self._shelves[shuffled]


def text_vectors(catalogue: Catalogue, embedder: EmbedderConfig, kept: Path, progress: Progress) -> ItemVectors:
    """The catalogue's text vectors, embedded once for all runs."""
    made_by = one_digest(code_behind("retrieval/embedding.py"))
    texts = [f"{made_by} {versions()}", embedder_name(embedder), *(item.text for item in catalogue)]
    made_of = sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    with one_at_a_time(kept / "vectors" / f"{made_of}.lock"):
        return embed_catalogue(catalogue, embedder, kept / "vectors" / f"{made_of}.npz", progress)


def _seconds(parts: Mapping[str, System]) -> float:
    return sum(part.seconds for part in parts.values())


def _seed(system: SystemConfig, seed: int) -> int:
    """The seed itself, or the first of a system that is not fitted with it: some need no chance and have one only."""
    return seed if seed in system.seeds else system.seeds[0]


def _asked(split: Split) -> str:
    return sha256(f"{split.train.fingerprint} {sorted(split.targets.items())}".encode()).hexdigest()[:16]


def _digest(vectors: ItemVectors) -> str:
    return sha256(vectors.distinct.tobytes() + vectors.place.tobytes()).hexdigest()[:16]
