"""What every retriever promises, asked of each of them on the tiny grocer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_rerank.one_thread import OnOneThread
from retrieval.catalogue import Catalogue
from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.indexes.exact import ExactIndex
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import UserHistory
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.fitting import fit_blend
from retrieval.retrievers.blend.retriever import BlendRetriever
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever
from retrieval.retrievers.model_configs import (
    AlsConfig,
    EaseConfig,
    ItemKnnConfig,
    LightGcnConfig,
    TransitionsConfig,
    UserKnnConfig,
)
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.retrievers.text import TextConfig
from retrieval.splits import last_basket

CONFIGS: dict[str, RetrieverConfig] = {
    "text": TextConfig(),
    "popularity": PopularityConfig(),
    "buy-again": BuyAgainConfig(),
    "item-knn": ItemKnnConfig(),
    "user-knn-cosine": UserKnnConfig(),
    "user-knn-pearson": UserKnnConfig(similarity="pearson"),
    "als": AlsConfig(dimension=4),
    "ease": EaseConfig(regularization=1.0),
    "lightgcn": LightGcnConfig(dimension=4, epochs=2),
    "transitions": TransitionsConfig(regularization=1.0),
    "sequence": SequenceConfig(encoder=EncoderConfig(dimension=8), training=TrainingConfig(epochs=2)),
}
NEEDS_NO_HISTORY = {"popularity", "hybrid", "blend"}
JOINED = ("buy-again", "text", "ease", "popularity")


@pytest.fixture(scope="module")
def shelf(catalogue: Catalogue, crowd: InteractionLog) -> Shelf:
    embedder = HashingEmbedder(HashingConfig())
    vectors = ItemVectors(distinct=embedder.embed([item.text for item in catalogue]), place=np.arange(len(catalogue)))
    index = ExactIndex(embedder.dimension)
    index.add([item.item_id for item in catalogue], vectors.distinct)
    return Shelf(catalogue=catalogue, log=crowd, vectors=vectors, index=index)


def fitted(name: str, shelf: Shelf, work: Path) -> Retriever:
    if name == "hybrid":
        sources = [(fitted(kind, shelf, work), 1.0) for kind in JOINED]
        return HybridRetriever(HybridConfig(), shelf.catalogue, sources)
    if name == "blend":
        return blended(shelf, work)
    if name == "one thread":
        return OnOneThread(fitted("hybrid", shelf, work))
    return open_retriever(CONFIGS[name], shelf, fit(CONFIGS[name], shelf, seed=0, work=work))


def blended(shelf: Shelf, work: Path) -> Retriever:
    config, split = BlendConfig(trees=5, least_rows=2), last_basket(shelf.log, "test")
    earlier = {kind: fitted(kind, replace(shelf, log=split.train), work) for kind in JOINED}
    fusion = HybridRetriever(HybridConfig(), shelf.catalogue, [])  # anything is better
    learnt = fit_blend(
        config, split, earlier, fusion, shelf.catalogue, shelf.vectors, 0, repeats=True, track=lambda users: users
    )
    assert "model" in learnt
    sources = {kind: fitted(kind, shelf, work) for kind in JOINED}
    return BlendRetriever(config, shelf.catalogue, shelf.vectors, shelf.log, sources, learnt, fusion)


@pytest.fixture(scope="module", params=[*CONFIGS, "hybrid", "blend", "one thread"])
def retriever(request: pytest.FixtureRequest, shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return fitted(request.param, shelf, tmp_path_factory.mktemp("work"))


@pytest.fixture
def anna(log: InteractionLog) -> UserHistory:
    return log.history("anna")


def test_candidates_are_ranked_from_1_best_first_and_no_item_comes_twice(
    retriever: Retriever, anna: UserHistory
) -> None:
    found = retriever.retrieve(anna, 100)
    assert [candidate.rank for candidate in found] == list(range(1, len(found) + 1))
    assert len({candidate.item.item_id for candidate in found}) == len(found) > 0
    scores = [candidate.score for candidate in found]
    assert scores == sorted(scores, reverse=True)
    assert np.isfinite(scores).all()


def test_a_candidate_names_its_source_and_is_the_catalogues_item(
    retriever: Retriever, anna: UserHistory, catalogue: Catalogue
) -> None:
    for candidate in retriever.retrieve(anna, 100):
        assert candidate.source == retriever.name
        assert candidate.item is catalogue[candidate.item.item_id]


def test_top_n_cuts_and_changes_no_order(retriever: Retriever, anna: UserHistory) -> None:
    assert retriever.retrieve(anna, 0) == retriever.retrieve(anna, -1) == ()
    assert retriever.retrieve(anna, 1) == retriever.retrieve(anna, 100)[:1]


def test_what_is_excluded_is_left_out_and_the_next_moves_up(retriever: Retriever, anna: UserHistory) -> None:
    first, *others = [candidate.item.item_id for candidate in retriever.retrieve(anna, 100)]
    found = [candidate.item.item_id for candidate in retriever.retrieve(anna, 100, exclude={first, "no such item"})]
    order = sorted if retriever.name == "blend" else list  # the blend reads the ranks, which move up too
    assert order(found) == order(others)
    assert len(retriever.retrieve(anna, 2, exclude=[first])) == min(2, len(others))


def test_with_everything_excluded_nothing_is_left(
    retriever: Retriever, anna: UserHistory, catalogue: Catalogue
) -> None:
    assert retriever.retrieve(anna, 5, exclude={item.item_id for item in catalogue}) == ()


def test_history_items_that_are_not_in_the_catalogue_are_ignored(retriever: Retriever, anna: UserHistory) -> None:
    gone = replace(anna.interactions[3], item_id="gone")
    only_gone = UserHistory(user_id="someone", interactions=(gone,))
    assert retriever.retrieve(UserHistory.of("anna", [*anna.interactions, gone]), 100) == retriever.retrieve(anna, 100)
    assert bool(retriever.retrieve(only_gone, 3)) is (retriever.name in NEEDS_NO_HISTORY)


def test_an_empty_history_gets_what_is_popular_or_nothing(retriever: Retriever) -> None:
    found = retriever.retrieve(UserHistory(user_id="newcomer"), 3)
    assert len(found) == (3 if retriever.name in NEEDS_NO_HISTORY else 0)


def test_fitted_again_it_says_the_same(
    retriever: Retriever, anna: UserHistory, shelf: Shelf, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    again = fitted(request.node.callspec.params["retriever"], shelf, tmp_path)
    assert again.retrieve(anna, 100) == retriever.retrieve(anna, 100)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_shop_without_interactions_can_be_fitted(name: str, shelf: Shelf, anna: UserHistory, tmp_path: Path) -> None:
    untouched = Shelf(catalogue=shelf.catalogue, log=InteractionLog.of([]), vectors=shelf.vectors, index=shelf.index)
    learns = name not in {"text", "popularity", "buy-again"}
    assert bool(fitted(name, untouched, tmp_path).retrieve(anna, 3)) is not learns
