from collections.abc import Callable

import lightgbm
import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import SourceScore, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, plain
from retrieval.retrievers.blend.retriever import BlendRetriever
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever

NOBODY = UserHistory(user_id="nobody")
Blends = Callable[..., BlendRetriever]


@pytest.fixture
def blends(catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog) -> Blends:
    def one(*sources: Retriever, depth: int = 100, arrays: Arrays | None = None) -> BlendRetriever:
        by_name = {source.name: source for source in sources}
        fusion = HybridRetriever(HybridConfig(), catalogue, [(source, 1.0) for source in sources])
        learnt = popular_first(Features(catalogue, vectors, log, tuple(by_name)).names) if arrays is None else arrays
        return BlendRetriever(BlendConfig(depth=depth), catalogue, vectors, log, by_name, learnt, fusion)

    return one


def popular_first(names: tuple[str, ...]) -> Arrays:
    """A model that has learnt that popular items are bought."""
    matrix = np.random.default_rng(0).random((400, len(names)))
    popularity = 3 * matrix[:, names.index("popularity")]
    data = lightgbm.Dataset(matrix, label=popularity, feature_name=plain(names))
    matrix[:, names.index("popularity")] = popularity
    model = lightgbm.train({"verbosity": -1, "min_data_in_leaf": 5}, data, num_boost_round=20)
    return {"model": np.frombuffer(model.model_to_string().encode(), dtype=np.uint8)}


@pytest.fixture
def sources(told: Callable[..., Retriever]) -> list[Retriever]:
    return [told("one", lambda _: "oat brie tea"), told("two", lambda _: "tea milk")]


def test_what_was_learnt_orders_what_is_proposed(blends: Blends, sources: list[Retriever]) -> None:
    found = blends(*sources).retrieve(NOBODY, 9)
    assert [candidate.item.item_id for candidate in found] == ["milk", "tea", "oat"]  # bought 5, 3 and 0 times
    assert {candidate.source for candidate in found} == {"blend"}


@pytest.mark.parametrize("arrays", [{}, {"check/blend": np.array(0.1), "check/fusion": np.array(0.2)}])
def test_without_a_model_fusion_answers(blends: Blends, sources: list[Retriever], arrays: Arrays) -> None:
    found = blends(*sources, arrays=arrays).retrieve(NOBODY, 9)
    assert found[0].item.item_id == "tea"  # both propose it
    assert {candidate.source for candidate in found} == {"hybrid"}


@pytest.mark.parametrize("others", ["one", "one and two"])
def test_a_model_of_other_features_is_refused(blends: Blends, sources: list[Retriever], others: str) -> None:
    arrays = popular_first(("popularity", others))
    with pytest.raises(BuildError, match="learnt on other sources or features"):
        blends(*sources, arrays=arrays)


def test_a_damaged_model_is_refused(blends: Blends, sources: list[Retriever]) -> None:
    with pytest.raises(BuildError, match="the blend is damaged"):
        blends(*sources, arrays={"model": np.array([250, 0, 7], dtype=np.uint8)})


def test_a_candidate_keeps_what_each_source_said(blends: Blends, sources: list[Retriever]) -> None:
    (tea,) = [found for found in blends(*sources).retrieve(NOBODY, 9) if found.item.item_id == "tea"]
    assert tea.sources == (  # brie is not available, so tea moves up
        SourceScore(source="one", score=0.5, rank=2),
        SourceScore(source="two", score=1.0, rank=1),
    )


def test_where_no_source_proposes_anything_neither_does_the_blend(blends: Blends, sources: list[Retriever]) -> None:
    assert blends(*sources).retrieve(NOBODY, 9, exclude={"oat", "tea", "milk"}) == ()


def test_each_source_is_asked_for_as_many_as_are_wanted(blends: Blends, told: Callable[..., Retriever]) -> None:
    shallow = blends(told("one", lambda _: "milk tea oat"), depth=1)
    assert len(shallow.retrieve(NOBODY, 3)) == 3
