"""What a final score is made of adds up to that score, whatever fusion made it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llm_rerank.effects.composition import composition_of
from llm_rerank.fusion import Fusion, WeightedFusion
from llm_rerank.learned_fusion.config import TreesConfig, Variant
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import Fitted, FusionLearner, Lesson
from llm_rerank.learned_fusion.model import write_fusion
from llm_rerank.learned_fusion.opening import learnt_with, open_fusion
from llm_rerank.prompt import PromptConfig
from llm_rerank.reranker import CandidateList
from retrieval.folder import BuiltShop

LLM = np.array([0.5, -1.0, 2.0, 0.0, -0.5, 1.0])


@pytest.fixture(scope="module")
def asked(built: BuiltShop) -> CandidateList:
    history = built.log.history("ben")
    return CandidateList.of(history, built.retriever.retrieve(history, 6))


@pytest.fixture
def learnt(built: BuiltShop, tmp_path: Path) -> Callable[[Variant], Fusion]:
    """A fusion of this variant, learnt where the item that the LLM likes best is taken."""

    def learn(variant: Variant) -> Fusion:
        served = learnt_with("model", None, PromptConfig(), built.config)
        features = FusionFeatures(built.catalogue, built.vectors, built.log, served.sources)
        random, history = np.random.default_rng(0), built.log.history("anna")
        candidates, lessons = built.retriever.retrieve(history, 6), []
        for _ in range(60):
            llm, retrieval = random.normal(size=(2, 6))
            lesson = Lesson(matrix=features.of(history, candidates, llm), llm=llm, retrieval=retrieval, taken=llm > 1)
            lessons.append(lesson)
        learner = FusionLearner(features.names, features.of_llm, TreesConfig(trees=30, least_rows=5))
        order = learner.learn(variant, lessons)
        fitted = Fitted(order=order, calibration=(2.0, -1.0), without_llm=(0.5, -3.0), checks={})
        write_fusion(tmp_path / "fusion", fitted, served, features, {"lists": 60, "candidates": 6, "data": "made up"})
        return open_fusion(tmp_path / "fusion", built, served)

    return learn


def require_sums(fusion: Fusion, asked: CandidateList) -> None:
    """Of every place, with the LLM and without."""
    scores = fusion.scores(asked.history, asked.candidates, LLM)
    found = [composition_of(fusion, asked, LLM, place).score for place in range(6)]
    np.testing.assert_allclose(found, scores, rtol=0, atol=1e-9)
    found = [composition_of(fusion, asked, None, place).score for place in range(6)]
    np.testing.assert_allclose(found, fusion.without_llm(asked.candidates), rtol=0, atol=1e-9)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_shares_add_up_to_the_score(asked: CandidateList, weight: float) -> None:
    require_sums(WeightedFusion(llm_weight=weight), asked)


@pytest.mark.parametrize("variant", ["retrieval", "one weight", "trees without the LLM", "trees with the LLM"])
def test_what_was_learnt_adds_up_to_the_score(
    learnt: Callable[[Variant], Fusion], asked: CandidateList, variant: Variant
) -> None:
    require_sums(learnt(variant), asked)


def test_each_side_s_share(asked: CandidateList) -> None:
    made_of = composition_of(WeightedFusion(llm_weight=0.75), asked, LLM, 2)
    assert (made_of.kind, made_of.base) == ("weights", None)
    parts = {part.name: part for part in made_of.parts}
    assert parts["LLM"].value == 2.0
    assert parts["LLM"].effect == pytest.approx(0.75 * (2 - LLM.mean()) / LLM.std())
    assert parts["retrieval"].value == asked.candidates[2].score


def test_without_the_llm_retrieval_is_all(asked: CandidateList) -> None:
    assert [part.name for part in composition_of(WeightedFusion(llm_weight=0.75), asked, None, 2).parts] == [
        "retrieval"
    ]


def test_trees_tell_the_largest_features_and_the_rest(
    learnt: Callable[[Variant], Fusion], asked: CandidateList
) -> None:
    made_of = composition_of(learnt("trees with the LLM"), asked, LLM, 2)
    assert (made_of.kind, len(made_of.parts)) == ("trees", 13)
    *first, rest = made_of.parts
    sizes = [abs(part.effect) for part in first]
    assert sizes == sorted(sizes, reverse=True)
    assert first[0].name.startswith("LLM: ")
    assert (rest.name, rest.value) == ("the rest", None)
    assert {"LLM: score": 2.0, "LLM: rank": 1.0}.items() <= {part.name: part.value for part in first}.items()


def test_trees_that_do_not_hear_the_llm_know_nothing_of_it(
    learnt: Callable[[Variant], Fusion], asked: CandidateList
) -> None:
    made_of = composition_of(learnt("trees without the LLM"), asked, LLM, 2)
    assert all(part.value is None and part.effect == 0 for part in made_of.parts if part.name.startswith("LLM: "))
