from collections.abc import Callable

import pytest

from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import SourceScore, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.retriever import BlendRetriever

NOBODY = UserHistory(user_id="nobody")


@pytest.fixture
def unlearnt(
    told: Callable[..., Retriever], catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> BlendRetriever:
    sources = [told("one", lambda _: "oat brie tea"), told("two", lambda _: "tea milk")]
    return BlendRetriever(BlendConfig(), catalogue, vectors, log, sources, {})


def test_where_nothing_was_learnt_what_is_popular_comes_first(unlearnt: BlendRetriever) -> None:
    found = unlearnt.retrieve(NOBODY, 9)
    assert [candidate.item.item_id for candidate in found] == ["milk", "tea", "oat"]  # bought 5, 3 and 0 times
    assert found[0].score > found[1].score > found[2].score == 0


def test_a_candidate_keeps_what_each_source_said(unlearnt: BlendRetriever) -> None:
    (tea,) = [candidate for candidate in unlearnt.retrieve(NOBODY, 9) if candidate.item.item_id == "tea"]
    assert tea.sources == (  # brie is not available, so tea moves up
        SourceScore(source="one", score=0.5, rank=2),
        SourceScore(source="two", score=1.0, rank=1),
    )


def test_where_no_source_proposes_anything_neither_does_the_blend(unlearnt: BlendRetriever) -> None:
    assert unlearnt.retrieve(NOBODY, 9, exclude={"oat", "tea", "milk"}) == ()


def test_each_source_is_asked_for_as_many_as_are_wanted(
    told: Callable[..., Retriever], catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    sources = [told("one", lambda _: "milk tea oat")]
    shallow = BlendRetriever(BlendConfig(depth=1), catalogue, vectors, log, sources, {})
    assert len(shallow.retrieve(NOBODY, 3)) == 3
