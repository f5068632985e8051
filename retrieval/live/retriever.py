"""What the shop's retrievers propose, as it is sold now, with a share of places for what they have never seen."""

import math
from collections.abc import Collection
from dataclasses import replace

from retrieval.catalogue import Catalogue
from retrieval.live.fresh import FreshRetriever
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever


class LiveRetriever:
    """New items stand behind all others, with the last one's score: no retriever has an opinion of them."""

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
        gone = self._catalogue.unavailable.union(exclude)
        new = self.fresh.retrieve(history, math.ceil(self._new_items * top_n), exclude=gone)
        not_twice = gone.union(candidate.item.item_id for candidate in new)
        known = self._built.retrieve(history, top_n - len(new), exclude=not_twice)
        last = known[-1].score if known else 0.0
        now = [replace(candidate, item=self._catalogue[candidate.item.item_id]) for candidate in known]
        return (*now, *(replace(c, score=last, rank=rank) for rank, c in enumerate(new, start=len(known) + 1)))
