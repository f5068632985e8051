"""Serving the blend."""

from collections.abc import Collection, Sequence

import lightgbm
import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, Proposals


class BlendRetriever:
    """Asks every source and orders what they propose by the learned score; popularity decides where nothing was learnt.

    Each candidate keeps in `sources` what each source said. Items that are not available are never proposed. Without
    what is excluded the others have better ranks with their sources, so that their order may be another.
    """

    name = "blend"

    def __init__(
        self,
        config: BlendConfig,
        catalogue: Catalogue,
        vectors: ItemVectors,
        log: InteractionLog,
        sources: Sequence[Retriever],
        arrays: Arrays,
    ) -> None:
        self._config, self._catalogue, self._sources = config, catalogue, tuple(sources)
        self._features = Features(catalogue, vectors, log, [source.name for source in sources])
        self._model = lightgbm.Booster(model_str=arrays["model"].tobytes().decode()) if "model" in arrays else None

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The best of what the sources propose."""
        if top_n <= 0:
            return ()
        out, depth = self._catalogue.unavailable.union(exclude), max(top_n, self._config.depth)
        proposed = [source.retrieve(history, depth, exclude=out) for source in self._sources]
        proposals = self._features.of(history, proposed)
        if not len(proposals.rows):
            return ()
        scores = self._scores(proposals)
        said = self._said(proposed)
        best = np.lexsort((proposals.rows, -scores))[:top_n]
        items = [(self._catalogue.at(proposals.rows[place]), float(scores[place])) for place in best]
        return tuple(
            Candidate(item=item, score=score, source=self.name, rank=rank, sources=tuple(said[item.item_id]))
            for rank, (item, score) in enumerate(items, start=1)
        )

    def _scores(self, proposals: Proposals) -> NDArray[np.float64]:
        if self._model is None:
            popularity = self._features.names.index("popularity")
            return proposals.matrix[:, popularity].astype(np.float64)
        return np.asarray(self._model.predict(proposals.matrix, num_threads=1), dtype=np.float64)

    @staticmethod
    def _said(proposed: Sequence[Sequence[Candidate]]) -> dict[str, list[SourceScore]]:
        said: dict[str, list[SourceScore]] = {}
        for candidates in proposed:
            for candidate in candidates:
                score = SourceScore(source=candidate.source, score=candidate.score, rank=candidate.rank)
                said.setdefault(candidate.item.item_id, []).append(score)
        return said
