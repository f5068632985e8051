"""Builds whose sources are joined by a blend, or whose sequence retriever was trained elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from retrieval import build as building
from retrieval.build import build
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.errors import BuildError
from retrieval.files import Arrays, read_arrays
from retrieval.folder import load_folder
from retrieval.indexes.base import ExactConfig
from retrieval.learnt import learnt
from retrieval.log import InteractionLog
from retrieval.records import UserHistory
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.retrievers.popularity import PopularityConfig, fit_popularity
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.shop import ShopData
from retrieval.splits import last_basket
from retrieval.train_retriever import train_retriever

SEQUENCE = SequenceConfig(encoder=EncoderConfig(dimension=8, blocks=1), training=TrainingConfig(epochs=1))
CONFIG = RetrievalConfig(
    embedder=HashingConfig(dimension=16),
    index=ExactConfig(),
    retrievers=(BuyAgainConfig(), PopularityConfig(), SEQUENCE),
    blend=BlendConfig(trees=5, least_rows=2),
)


@pytest.fixture(scope="module")
def shop(shop: ShopData, crowd: InteractionLog) -> ShopData:
    return replace(shop, log=crowd)


def stop(*args: object, **more: object) -> Iterator[None]:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def blended(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build with a blend; treat as read-only."""
    folder = tmp_path_factory.mktemp("blended") / "shop"
    build(shop, CONFIG, folder)
    return folder


@pytest.fixture(scope="module")
def trained(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "trained"
    train_retriever(shop, CONFIG, folder, Progress(disable=True))
    return folder


def taking(trained: Path, **changes: object) -> RetrievalConfig:
    source = SEQUENCE.model_copy(update={"trained": trained})
    return CONFIG.model_copy(update={"retrievers": (BuyAgainConfig(), PopularityConfig(), source), **changes})


def test_a_build_with_a_blend_answers_with_it(blended: Path, shop: ShopData) -> None:
    found = load_folder(blended).retriever.retrieve(shop.log.history("anna"), 5)
    assert [candidate.source for candidate in found] == ["blend"] * 5
    assert {said.source for candidate in found for said in candidate.sources} == {
        "buy-again", "popularity", "sequence",
    }  # fmt: skip
    assert "brie" not in {candidate.item.item_id for candidate in found}


def test_a_blend_answers_for_a_new_user(blended: Path) -> None:
    assert len(load_folder(blended).retriever.retrieve(UserHistory(user_id="new"), 5)) == 5


def test_nothing_of_the_way_there_is_left(blended: Path) -> None:
    assert {path.name for path in (blended / "retrievers").iterdir()} == {
        "blend.npz", "buy-again.npz", "popularity.npz", "sequence.npz",
    }  # fmt: skip
    assert not (blended / "checkpoints.parts").exists()


@pytest.mark.parametrize("stage", ["_fit_blend", "last_basket", "open_retriever"])
def test_an_interrupted_build_goes_on_to_the_same_blend(
    blended: Path, shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(building, stage, stop)
        with pytest.raises(KeyboardInterrupt):
            build(shop, CONFIG, tmp_path / "shop")
    build(shop, CONFIG, tmp_path / "shop")
    model = read_arrays(tmp_path / "shop" / "retrievers" / "blend.npz")["model"]
    assert model.tobytes() == read_arrays(blended / "retrievers" / "blend.npz")["model"].tobytes()


def test_a_blend_learns_from_sources_that_have_not_seen_the_last_baskets(
    shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.retrievers.blend.fitting.fit_blend", stop)
    with pytest.raises(KeyboardInterrupt):
        build(shop, CONFIG, tmp_path / "shop")
    earlier = read_arrays(tmp_path / "shop" / "checkpoints.parts" / "earlier" / "popularity.npz")["scores"]
    before = last_basket(shop.log, "test").train
    assert earlier.tolist() == fit_popularity(PopularityConfig(), shop.catalogue, before)["scores"].tolist()
    assert earlier[shop.catalogue.position("brie")] == 0.01  # dan alone bought it, and that last


def test_a_blend_that_is_no_better_than_the_configured_fusion_leaves_it_to_answer(
    shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fusions: list[HybridRetriever] = []

    def no_better(
        config: object, split: object, sources: object, fusion: HybridRetriever, *rest: object, **more: object
    ) -> Arrays:
        fusions.append(fusion)
        return {"check/blend": np.array(0.1), "check/fusion": np.array(0.1)}

    monkeypatch.setattr("retrieval.retrievers.blend.fitting.fit_blend", no_better)
    weighted = (BuyAgainConfig(weight=3.0), PopularityConfig(weight=0.5))
    build(shop, CONFIG.model_copy(update={"retrievers": weighted}), tmp_path / "shop")
    assert [(source.name, weight) for source, weight in fusions[0]._sources] == [
        ("buy-again", 3.0),
        ("popularity", 0.5),
    ]
    found = load_folder(tmp_path / "shop").retriever.retrieve(shop.log.history("anna"), 5)
    assert [candidate.source for candidate in found] == ["hybrid"] * 5


def test_a_trained_retriever_is_taken_as_it_is(trained: Path, shop: ShopData, tmp_path: Path) -> None:
    build(shop, taking(trained, blend=None), tmp_path / "shop")
    built = read_arrays(tmp_path / "shop" / "retrievers" / "sequence.npz")
    weights = read_arrays(trained / "weights.npz")
    assert built.keys() - weights.keys() == {"items"}
    for name in ("0/log_scale", "0/items.text.weight", "0/blocks.0.wider.weight"):
        assert np.array_equal(built[name], weights[name])
    load_folder(tmp_path / "shop")


def test_a_blend_does_not_learn_from_a_retriever_that_has_seen_its_answers(
    blended: Path, trained: Path, shop: ShopData, tmp_path: Path
) -> None:
    build(shop, taking(trained), tmp_path / "shop")
    model = read_arrays(tmp_path / "shop" / "retrievers" / "blend.npz")["model"]
    assert model.tobytes() == read_arrays(blended / "retrievers" / "blend.npz")["model"].tobytes()


def test_a_trained_retriever_of_another_embedder_is_refused_before_anything_is_built(
    trained: Path, shop: ShopData, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match="hashing-1-16"):
        build(shop, taking(trained, embedder=HashingConfig(dimension=32)), tmp_path / "shop")
    assert not (tmp_path / "shop").exists()


def test_a_trained_retriever_that_is_not_there_is_asked_for(shop: ShopData, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="llm-rerank train-retriever"):
        build(shop, taking(tmp_path / "nowhere"), tmp_path / "shop")


def test_what_was_learnt_is_said_in_words(blended: Path, shop: ShopData, tmp_path: Path) -> None:
    found = learnt(blended)
    assert found["sequence"].startswith("knows ")
    assert "of fusion 0." in found["blend"]
    once = replace(shop, log=shop.log.where(~shop.log.frame["user_id"].duplicated().to_numpy()))
    build(once, CONFIG, tmp_path / "once")
    assert learnt(tmp_path / "once") == {
        "sequence": "has learnt nothing: no user did anything after something else",
        "blend": "has too little to learn from: fusion orders what the sources propose",
    }
