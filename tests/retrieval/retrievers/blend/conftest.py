from collections.abc import Callable, Collection

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever

Propose = Callable[[UserHistory], str]


class Told:
    """Proposes the items it is told for a history, best first; the first scores 1, the second 1/2, ..."""

    def __init__(self, name: str, catalogue: Catalogue, propose: Propose) -> None:
        self.name, self._catalogue, self._propose = name, catalogue, propose

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        kept = [item_id for item_id in self._propose(history).split() if item_id not in exclude][:top_n]
        return tuple(
            Candidate(item=self._catalogue[item_id], score=1 / rank, source=self.name, rank=rank)
            for rank, item_id in enumerate(kept, 1)
        )


@pytest.fixture
def told(catalogue: Catalogue) -> Callable[[str, Propose], Retriever]:
    return lambda name, propose: Told(name, catalogue, propose)


@pytest.fixture(scope="session")
def vectors(catalogue: Catalogue) -> ItemVectors:
    """Items of one category read the same, those of two have nothing in common."""
    categories = sorted({item.category for item in catalogue})
    place = np.array([categories.index(item.category) for item in catalogue])
    return ItemVectors(distinct=np.eye(len(categories), dtype=np.float32), place=place)
