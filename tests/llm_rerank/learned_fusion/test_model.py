from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.fusion import fuse
from llm_rerank.learned_fusion.config import TreesConfig
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import Fitted, FusionLearner, Lesson
from llm_rerank.learned_fusion.model import TREES, LearnedFusion, write_fusion
from llm_rerank.learned_fusion.opening import learnt_with, open_fusion
from llm_rerank.learned_fusion.order import Order
from llm_rerank.learned_fusion.record import RECORD, LearntWith, read_record
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from retrieval.embedders.base import SentenceTransformerConfig
from retrieval.errors import BuildError, ConfigError
from retrieval.folder import BuiltShop

ABOUT = {"lists": 100, "candidates": 6, "data": "made up"}


@pytest.fixture(scope="module")
def features(built: BuiltShop) -> FusionFeatures:
    return FusionFeatures(built.catalogue, built.vectors, built.log, [s.name for s in built.config.retrievers])


@pytest.fixture(scope="module")
def served_with(built: BuiltShop, prepared: PreparedModel) -> LearntWith:
    return learnt_with(prepared.fingerprint, None, PromptConfig(), built.config)


@pytest.fixture(scope="module")
def llm_knows(features: FusionFeatures, built: BuiltShop) -> Fitted:
    """Of lists in which the item that the LLM likes best is taken."""
    random, lessons = np.random.default_rng(0), []
    history = built.log.history("anna")
    candidates = built.retriever.retrieve(history, 6)
    for _ in range(100):
        llm = random.normal(size=6)
        matrix, retrieval = features.of(history, candidates, llm), random.normal(size=6)
        lessons.append(Lesson(matrix=matrix, llm=llm, retrieval=retrieval, taken=llm == llm.max()))
    learner = FusionLearner(features.names, features.of_llm, TreesConfig(trees=30, least_rows=10))
    return Fitted(
        order=learner.learn("trees with the LLM", lessons), calibration=(1.0, 0.0), without_llm=(0.5, -1.0), checks={}
    )


@pytest.fixture
def folder(tmp_path: Path, llm_knows: Fitted, served_with: LearntWith, features: FusionFeatures) -> Path:
    write_fusion(tmp_path / "fusion", llm_knows, served_with, features, ABOUT)
    return tmp_path / "fusion"


def test_where_the_llm_does_not_answer_places_have_log_odds_too(
    folder: Path, built: BuiltShop, served_with: LearntWith, features: FusionFeatures
) -> None:
    candidates = built.retriever.retrieve(built.log.history("anna"), 6)
    scores = open_fusion(folder, built, served_with).without_llm(candidates)
    assert list(scores) == pytest.approx([0.5 * -np.log2(place + 1) - 1 for place in range(1, 7)])


def test_the_order_is_what_was_learnt(
    folder: Path, built: BuiltShop, served_with: LearntWith, features: FusionFeatures
) -> None:
    fusion = open_fusion(folder, built, served_with)
    assert fusion.llm_weight > 0.5
    history = built.log.history("ben")
    candidates = built.retriever.retrieve(history, 6)
    for best in range(6):
        llm = np.where(np.arange(6) == best, 3.0, -1.0)
        assert fusion.scores(history, candidates, llm).argmax() == best
    assert fusion.scores(history, (), np.empty(0)).shape == (0,)


def test_trees_that_do_not_hear_the_llm(
    tmp_path: Path, built: BuiltShop, served_with: LearntWith, llm_knows: Fitted, features: FusionFeatures
) -> None:
    deaf = replace(llm_knows, order=replace(llm_knows.order, variant="trees without the LLM"))
    write_fusion(tmp_path, deaf, served_with, features, ABOUT)
    fusion, history = open_fusion(tmp_path, built, served_with), built.log.history("ben")
    candidates = built.retriever.retrieve(history, 6)
    one, other = (fusion.scores(history, candidates, llm) for llm in (np.arange(6.0), -np.arange(6.0)))
    np.testing.assert_array_equal(one, other)


def test_retrieval_alone(tmp_path: Path, built: BuiltShop, served_with: LearntWith, features: FusionFeatures) -> None:
    nothing = Fitted(order=Order(variant="retrieval"), calibration=(2.0, -1.0), without_llm=(0.5, -1.0), checks={})
    record = write_fusion(tmp_path, nothing, served_with, features, ABOUT)
    assert (record.llm_weight, record.trees, record.importance) == (0.0, "", {})
    fusion, history = open_fusion(tmp_path, built, served_with), built.log.history("ben")
    candidates = built.retriever.retrieve(history, 6)
    assert list(np.argsort(-fusion.scores(history, candidates, np.arange(6.0)))) == list(range(6))


def test_one_weight_for_all(
    tmp_path: Path, built: BuiltShop, served_with: LearntWith, features: FusionFeatures
) -> None:
    weighed = Fitted(
        order=Order(variant="one weight", weight=0.3), calibration=(2.0, -1.0), without_llm=(0.5, -1.0), checks={}
    )
    record = write_fusion(tmp_path, weighed, served_with, features, ABOUT)
    assert (record.llm_weight, record.trees) == (0.3, "")
    fusion, history, llm = open_fusion(tmp_path, built, served_with), built.log.history("ben"), np.arange(6.0)
    candidates = built.retriever.retrieve(history, 6)
    expected = 2 * fuse(llm, np.array([candidate.score for candidate in candidates]), 0.3) - 1
    np.testing.assert_allclose(fusion.scores(history, candidates, llm), expected)


@pytest.mark.parametrize(
    "change", [{"model": "x"}, {"adapter": "x"}, {"prompt": "x"}, {"sources": ("ease",)}, {"retrieval": "x"}]
)
def test_what_it_was_not_learnt_with_is_refused(
    folder: Path, built: BuiltShop, served_with: LearntWith, change: dict[str, object]
) -> None:
    other = LearntWith.model_validate(served_with.model_dump() | change)
    with pytest.raises((ConfigError, BuildError), match="learnt"):
        open_fusion(folder, built, other)


@pytest.mark.parametrize("name", [RECORD, TREES])
@pytest.mark.parametrize("damage", ["absent", "cut short", "changed"])
def test_a_damaged_folder_is_refused(
    folder: Path, built: BuiltShop, served_with: LearntWith, name: str, damage: str
) -> None:
    text = (folder / name).read_text()
    if damage == "absent":
        (folder / name).unlink()
    else:
        (folder / name).write_text(text[:-20] if damage == "cut short" else text.replace("0.", "1x", 3))
    with pytest.raises(BuildError, match="missing, cut short or damaged"):
        open_fusion(folder, built, served_with)


def test_a_format_of_another_version_is_refused(folder: Path) -> None:
    path = folder / RECORD
    path.write_text(path.read_text().replace('"format": 2', '"format": 1'))
    with pytest.raises(BuildError, match=r"another version .* Learn it again"):
        read_record(folder)


def test_other_features_are_refused(folder: Path, built: BuiltShop) -> None:
    fewer = FusionFeatures(built.catalogue, built.vectors, built.log, ["buy-again"])
    with pytest.raises(BuildError, match="other features"):
        LearnedFusion.read(folder, fewer)


def served(built: BuiltShop, **others: object) -> Recommender:
    config = {"engine": EngineConfig(kind="fake"), "candidates": 6} | others
    return Recommender.for_shop(built, RecommendConfig.model_validate(config))


def test_a_recommender_ranks_by_it(folder: Path, built: BuiltShop) -> None:
    request = RankingRequest(history=built.log.history("ben"))
    ranking = served(built, fusion=folder).recommend(request)
    assert ranking.llm_weight > 0.5
    assert ranking.items[0].llm_rank == 1
    assert served(built).recommend(request).llm_weight == 0


def test_a_recommender_with_another_prompt_is_refused(folder: Path, built: BuiltShop) -> None:
    with pytest.raises(ConfigError, match="prompt"):
        served(built, fusion=folder, prompt=PromptConfig(question="Next?"))


def test_items_that_the_caller_chose_are_ranked_by_the_llm_alone(folder: Path, built: BuiltShop) -> None:
    request = RankingRequest(history=built.log.history("ben"), item_ids=("tea", "milk", "oat"))
    ranking = served(built, fusion=folder).recommend(request)
    assert ranking.llm_weight == 1
    assert [item.llm_rank for item in ranking.items] == [1, 2, 3]


def test_with_another_embedder_texts_are_not_alike_in_the_same_measure(
    built: BuiltShop, served_with: LearntWith
) -> None:
    other = built.config.model_copy(update={"embedder": SentenceTransformerConfig(model="another")})
    with pytest.raises(ConfigError, match="another retrieval"):
        served_with.require(learnt_with(served_with.model, None, PromptConfig(), other))
