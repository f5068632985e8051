"""Serving the blend."""

from collections.abc import Collection, Mapping, Sequence

import lightgbm
import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, plain


class BlendRetriever:
    """Asks every source and orders what they propose by the learned score; without a model, fusion answers.

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
        sources: Mapping[str, Retriever],
        arrays: Arrays,
        fusion: Retriever,
    ) -> None:
        """`sources` by the names they had when the blend learnt of them; `fusion` joins the same ones.

        Raises BuildError for a model that was learnt on other features.
        """
        self._config, self._catalogue, self._sources = config, catalogue, tuple(sources.values())
        self._features = Features(catalogue, vectors, log, tuple(sources))
        self._fusion = fusion
        self._model = _model(arrays["model"], self._features.names) if "model" in arrays else None

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The best of what the sources propose."""
        if self._model is None:
            return self._fusion.retrieve(history, top_n, exclude=exclude)
        if top_n <= 0:
            return ()
        out, depth = self._catalogue.unavailable.union(exclude), max(top_n, self._config.depth)
        proposed = [source.retrieve(history, depth, exclude=out) for source in self._sources]
        proposals = self._features.of(history, proposed)
        if not len(proposals.rows):
            return ()
        scores = np.asarray(self._model.predict(proposals.matrix, num_threads=1), dtype=np.float64)
        said = self._said(proposed)
        best = proposals.best_first(scores)[:top_n]
        items = [(self._catalogue.at(proposals.rows[place]), float(scores[place])) for place in best]
        return tuple(
            Candidate(item=item, score=score, source=self.name, rank=rank, sources=tuple(said[item.item_id]))
            for rank, (item, score) in enumerate(items, start=1)
        )

    @staticmethod
    def _said(proposed: Sequence[Sequence[Candidate]]) -> dict[str, list[SourceScore]]:
        said: dict[str, list[SourceScore]] = {}
        for candidates in proposed:
            for candidate in candidates:
                score = SourceScore(source=candidate.source, score=candidate.score, rank=candidate.rank)
                said.setdefault(candidate.item.item_id, []).append(score)
        return said


def _model(text: NDArray[np.uint8], names: Sequence[str]) -> lightgbm.Booster:
    try:
        model = lightgbm.Booster(model_str=text.tobytes().decode())
        learnt_on = model.feature_name()
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError):
        learnt_on = []
    if learnt_on != plain(names):
        raise BuildError(
            "the blend is damaged, or was learnt on other sources or features",
            field="blend",
            value=learnt_on[:3],
            remedy="Build the folder again with --overwrite.",
        )
    return model
