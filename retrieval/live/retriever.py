"""What the shop's retrievers propose, as it is sold now, with a share of places for what they have never read."""

import math
from collections.abc import Collection, Iterable
from dataclasses import replace

from retrieval.catalogue import Catalogue
from retrieval.live.fresh import FreshRetriever
from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.base import Retriever


class LiveRetriever:
    """What is found by a new text stands behind all others, with the last one's score: nobody has an opinion of it."""

    def __init__(self, built: Retriever, catalogue: Catalogue, fresh: FreshRetriever, *, new_items: float) -> None:
        """`new_items` is the share of the places that is kept for new items, rounded up."""
        self._built, self._catalogue, self._new_items = built, catalogue, new_items
        self.fresh = fresh
        """Of the newest change."""

    @property
    def name(self) -> str:
        """That of the shop's retrievers."""
        return self._built.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """See Retriever.retrieve; what has been withdrawn is not proposed."""
        gone, places = self._catalogue.unavailable.union(exclude), math.ceil(self._new_items * top_n)
        known = self._built.retrieve(history, top_n, exclude=gone)
        # what keeps its place by what people did with it does not move behind the others for its new text
        new = self.fresh.retrieve(history, places, exclude=gone.union(_ids(known[: top_n - places])))
        known = tuple(c for c in known if c.item.item_id not in _ids(new))[: top_n - len(new)]
        last = known[-1].score if known else 0.0
        now = [replace(c, item=self._catalogue[c.item.item_id], rank=rank) for rank, c in enumerate(known, start=1)]
        return (*now, *(_behind(c, last, rank) for rank, c in enumerate(new, start=len(known) + 1)))


def _behind(found: Candidate, score: float, rank: int) -> Candidate:
    """Keeps what its own source said, as a candidate of several does."""
    said = SourceScore(source=found.source, score=found.score, rank=found.rank)
    return replace(found, score=score, rank=rank, sources=(said,))


def _ids(candidates: Iterable[Candidate]) -> set[str]:
    return {candidate.item.item_id for candidate in candidates}
