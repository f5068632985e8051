"""The shop's retrievers, which by text propose nothing that reads differently now.

What people did with an item is the same whatever it is called: other sources go on proposing it.
"""

from collections.abc import Callable, Collection
from copy import copy

from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.retrievers.text import TextRetriever

Changed = Callable[[], frozenset[str]]
"""The items that the build knows by another text than they have now."""


def forgetting(retriever: Retriever, changed: Changed) -> Retriever:
    """The same, joined of the same sources; `retriever` itself is left as it is."""
    if isinstance(retriever, TextRetriever):
        return _ForgettingText(retriever, changed)
    if isinstance(retriever, HybridRetriever):
        return _forgetting_hybrid(retriever, changed)
    if retriever.name != "blend":
        return retriever
    from retrieval.retrievers.blend.retriever import BlendRetriever  # brings LightGBM

    assert isinstance(retriever, BlendRetriever)
    blend = copy(retriever)
    blend._sources = tuple(forgetting(source, changed) for source in retriever._sources)
    blend._fusion = forgetting(retriever._fusion, changed)
    return blend


def _forgetting_hybrid(retriever: HybridRetriever, changed: Changed) -> HybridRetriever:
    hybrid = copy(retriever)
    hybrid._sources = tuple((forgetting(source, changed), weight) for source, weight in retriever._sources)
    return hybrid


class _ForgettingText:
    """A source that reads texts, without what it has read of these."""

    def __init__(self, built: TextRetriever, changed: Changed) -> None:
        self._built, self._changed = built, changed
        self.name = built.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """See Retriever.retrieve."""
        return self._built.retrieve(history, top_n, exclude=self._changed().union(exclude))
