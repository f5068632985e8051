from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from shutil import copytree

import pytest

from llm_rerank.adapters import Adapter, write_about
from llm_rerank.config import RecommendConfig, RerankerConfig
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.models import PreparedModel
from llm_rerank.opening import open_reranker, require_fitting
from llm_rerank.recommender import Recommender
from llm_rerank.registry import Registry
from llm_rerank.request import RankingRequest
from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError, ConfigError, ModelError
from retrieval.files import write_json
from retrieval.folder import BuiltShop


@pytest.fixture
def registry(tmp_path: Path, tiny_adapter: Adapter) -> Registry:
    """The tiny adapter is live in it, as default."""
    registry = Registry(tmp_path / "kept")
    registry.add(tiny_adapter.folder)
    registry.promote(tiny_adapter.adapter_id, "default")
    return registry


def settings(base: PreparedModel, adapter: object, **others: object) -> dict[str, object]:
    return {"model": str(base.folder), "adapter": adapter, "engine": {"device": "cpu"}, **others}


def test_a_ranking_names_the_adapter_that_was_live_when_it_was_opened(
    registry: Registry,
    tiny_base: PreparedModel,
    tiny_adapter: Adapter,
    built: BuiltShop,
    make_adapter: Callable[..., Adapter],
) -> None:
    live = settings(tiny_base, {"registry": registry.folder}, method="packed", candidates=3)
    recommender = Recommender.for_shop(built, RecommendConfig.model_validate(live))
    registry.promote(registry.add(make_adapter("next").folder)[0].adapter_id, "default")
    ranking = recommender.recommend(RankingRequest(history=built.log.history("anna"), top_n=3, explained=0))
    assert ranking.adapter == tiny_adapter.adapter_id
    assert not ranking.degraded


def test_the_folder_and_the_registry_serve_the_same(
    registry: Registry, tiny_base: PreparedModel, tiny_adapter: Adapter, built: BuiltShop
) -> None:
    scores = {}
    for name, adapter in (("none", None), ("folder", tiny_adapter.folder), ("live", {"registry": registry.folder})):
        config = RecommendConfig.model_validate(settings(tiny_base, adapter))
        recommender = Recommender.for_shop(built, config)
        ranking = recommender.recommend(RankingRequest(history=built.log.history("anna"), top_n=5, explained=0))
        scores[name] = (ranking.adapter, [item.llm_score for item in ranking.items])
    assert scores["folder"] == scores["live"]
    assert scores["none"] != scores["live"]
    assert scores["none"][0] is None


@pytest.mark.parametrize(
    ("others", "error", "message"),
    [
        (
            {"prompt": {"question": "Next?"}},
            ModelError,
            r"prompt=.*trained with another prompt: \{'question': 'Buy\?'\}",
        ),
        ({"adapter": {"registry": "none"}}, ConfigError, "registry='none': there is no such registry"),
        ({"adapter": Path("none")}, BuildError, "adapter='none': no whole adapter"),
    ],
)
def test_what_does_not_fit_or_is_not_there_is_refused(
    registry: Registry,
    tiny_base: PreparedModel,
    catalogue: Catalogue,
    others: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    config = RerankerConfig.model_validate(settings(tiny_base, {"registry": registry.folder}) | others)
    with pytest.raises(error, match=message):
        open_reranker(config, catalogue, say=lambda _: None)


def test_an_adapter_for_another_model_is_refused(
    registry: Registry, tiny_base: PreparedModel, catalogue: Catalogue, make_adapter: Callable[..., Adapter]
) -> None:
    registry.promote(registry.add(make_adapter("other", base="large").folder)[0].adapter_id, "default")
    config = RerankerConfig.model_validate(settings(tiny_base, {"registry": registry.folder}))
    with pytest.raises(ModelError, match=r"model=.*the adapter was trained on large \(large-print\), not on this"):
        open_reranker(config, catalogue, say=lambda _: None)


@pytest.mark.parametrize(("learnt_with", "fits"), [("this one", True), ("another", False)])
def test_a_fusion_belongs_to_one_adapter(
    tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path, learnt_with: str, fits: bool
) -> None:
    learnt = {
        "model": tiny_base.fingerprint,
        "adapter": tiny_adapter.adapter_id if learnt_with == "this one" else learnt_with,
        "prompt": tiny_adapter.prompt.fingerprint,
        "sources": ["popularity"],
        "retrieval": "any",
    }
    record = {
        "variant": "retrieval",
        "llm_weight": 0,
        "calibration": [1, 0],
        "without_llm": [1, 0],
        "lists": 1,
        "candidates": 1,
        "data": "any",
    }
    record |= {"learnt_with": learnt, "checks": {}, "importance": {}, "trees": ""}
    write_json(tmp_path / "fusion.json", record)
    config = RecommendConfig.model_validate(settings(tiny_base, None, fusion=tmp_path))
    with nullcontext() if fits else pytest.raises(ConfigError, match="learnt with another adapter"):
        require_fitting(tiny_adapter, config, say=lambda _: None)


@pytest.mark.parametrize("words", ["these", "others"])
def test_a_writer_fits_where_it_was_asked_in_the_words_of_today(
    tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path, words: str
) -> None:
    copytree(tiny_adapter.folder, tmp_path / "writer")
    asked = writer_prompt() if words == "these" else writer_prompt().model_copy(update={"example": ("others",)})
    writer = write_about(tmp_path / "writer", tiny_base, asked, "facts", {"steps": 3})
    config = RecommendConfig.model_validate(settings(tiny_base, None))
    with nullcontext() if words == "these" else pytest.raises(ModelError, match="another prompt"):
        require_fitting(writer, config, say=lambda _: None)


def test_nobody_waits_for_a_model_to_hear_that_the_adapter_is_not_there(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(*_: object, **__: object) -> None:
        raise AssertionError("the model was prepared")

    monkeypatch.setattr("llm_rerank.opening.prepare_model", prepare)
    with pytest.raises(BuildError, match="no whole adapter"):
        open_reranker(RerankerConfig(adapter=tmp_path), catalogue, say=lambda _: None)
