"""All sources joined by rank."""

from collections.abc import Collection, Sequence

from pydantic import NonNegativeFloat, PositiveInt

from retrieval.catalogue import Catalogue
from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.settings import Settings


class HybridConfig(Settings):
    """Weighted reciprocal rank fusion."""

    rank_constant: NonNegativeFloat = 15.0
    """The larger, the less the first ranks of a source stand out."""

    depth: PositiveInt = 200
    """How many candidates each source is asked for, at least."""


class HybridRetriever:
    """score = Σ weight / (rank_constant + rank) over the sources that propose the item.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) needs no common scale of scores. Each candidate
    keeps in `sources` what each source said. Items that are not available are never proposed.
    """

    name = "hybrid"

    def __init__(self, config: HybridConfig, catalogue: Catalogue, sources: Sequence[tuple[Retriever, float]]) -> None:
        """`sources` are retrievers and their weights."""
        self._config = config
        self._catalogue = catalogue
        self._sources = tuple(sources)

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items that the sources together rank best; a user without a history gets what is popular."""
        if top_n <= 0:
            return ()
        out = self._catalogue.unavailable.union(exclude)
        fused = self._fuse(history, max(top_n, self._config.depth), out)
        best = sorted(fused.items(), key=lambda entry: (-entry[1][0], self._catalogue.position(entry[0])))[:top_n]
        return tuple(
            Candidate(item=self._catalogue[item_id], score=score, source=self.name, rank=rank, sources=tuple(said))
            for rank, (item_id, (score, said)) in enumerate(best, start=1)
        )

    def _fuse(
        self, history: UserHistory, depth: int, exclude: Collection[str]
    ) -> dict[str, tuple[float, list[SourceScore]]]:
        fused: dict[str, tuple[float, list[SourceScore]]] = {}
        for source, weight in self._sources:
            for candidate in source.retrieve(history, depth, exclude=exclude):
                score, said = fused.get(candidate.item.item_id, (0.0, []))
                said.append(SourceScore(source=source.name, score=candidate.score, rank=candidate.rank))
                gain = weight / (self._config.rank_constant + candidate.rank)
                fused[candidate.item.item_id] = (score + gain, said)
        return fused
