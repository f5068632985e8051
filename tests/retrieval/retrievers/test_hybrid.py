from collections.abc import Collection

import pytest

from retrieval.catalogue import Catalogue
from retrieval.records import Candidate, SourceScore, UserHistory
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever

NOBODY = UserHistory(user_id="nobody")


class Fixed:
    """Proposes what it was told, in that order."""

    def __init__(self, name: str, catalogue: Catalogue, item_ids: str) -> None:
        self.name, self._items = name, [catalogue[item_id] for item_id in item_ids.split()]

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        kept = [item for item in self._items if item.item_id not in exclude][:top_n]
        return tuple(Candidate(item=item, score=9.0, source=self.name, rank=n) for n, item in enumerate(kept, 1))


@pytest.fixture
def hybrid(catalogue: Catalogue) -> HybridRetriever:
    sources = [(Fixed("one", catalogue, "brie milk tea"), 2.0), (Fixed("two", catalogue, "tea oat"), 3.0)]
    return HybridRetriever(HybridConfig(rank_constant=1), catalogue, sources)


def test_ranks_are_fused_by_their_reciprocals(hybrid: HybridRetriever) -> None:
    found = hybrid.retrieve(NOBODY, 9)
    # brie is not available, so: milk 2/(1+1); tea 2/(1+2) + 3/(1+1); oat 3/(1+2), after milk as in the catalogue
    assert [candidate.item.item_id for candidate in found] == ["tea", "milk", "oat"]
    assert [candidate.score for candidate in found] == pytest.approx([2 / 3 + 3 / 2, 1.0, 1.0])


def test_a_candidate_keeps_what_each_source_said(hybrid: HybridRetriever) -> None:
    best, *_ = hybrid.retrieve(NOBODY, 1)
    assert best.sources == (
        SourceScore(source="one", score=9.0, rank=2),
        SourceScore(source="two", score=9.0, rank=1),
    )


def test_what_is_not_available_is_never_proposed(hybrid: HybridRetriever) -> None:
    assert "brie" not in {candidate.item.item_id for candidate in hybrid.retrieve(NOBODY, 9, exclude={"tea"})}


def test_each_source_is_asked_for_as_many_as_are_wanted(catalogue: Catalogue) -> None:
    sources = [(Fixed("one", catalogue, "milk tea oat"), 1.0)]
    shallow = HybridRetriever(HybridConfig(depth=1), catalogue, sources)
    assert len(shallow.retrieve(NOBODY, 3)) == 3
