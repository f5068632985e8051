"""What other systems say of the candidates that one proposes: the trees hear them all."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.base import Retriever


class WithOpinions:
    """Another retriever's candidates in its order; each has in `sources` what others say of it."""

    def __init__(self, retriever: Retriever, others: Sequence[Retriever]) -> None:
        self._retriever, self._others = retriever, tuple(others)

    @property
    def name(self) -> str:
        """That of whose order it is."""
        return self._retriever.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """See Retriever.retrieve; of an item that another does not have among its own `top_n` it says nothing."""
        said: dict[str, list[SourceScore]] = {}
        for other in self._others:
            for found in other.retrieve(history, top_n, exclude=exclude):
                opinion = SourceScore(source=other.name, score=found.score, rank=found.rank)
                said.setdefault(found.item.item_id, []).append(opinion)
        return tuple(
            replace(candidate, sources=(*candidate.sources, *said.get(candidate.item.item_id, ())))
            for candidate in self._retriever.retrieve(history, top_n, exclude=exclude)
        )
