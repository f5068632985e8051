import numpy as np
import pytest

from llm_rerank.learned_fusion.features import FusionFeatures
from retrieval.folder import BuiltShop
from retrieval.records import Candidate, UserHistory


@pytest.fixture(scope="module")
def features(built: BuiltShop) -> FusionFeatures:
    sources = [source.name for source in built.config.retrievers]
    return FusionFeatures(built.catalogue, built.vectors, built.log, sources)


@pytest.fixture(scope="module")
def history(built: BuiltShop) -> UserHistory:
    return built.log.history("anna")


@pytest.fixture(scope="module")
def candidates(built: BuiltShop, history: UserHistory) -> tuple[Candidate, ...]:
    return built.retriever.retrieve(history, 6)


def column(features: FusionFeatures, name: str) -> int:
    return features.names.index(name)


def test_a_row_a_candidate_in_their_order(
    features: FusionFeatures, history: UserHistory, candidates: tuple[Candidate, ...]
) -> None:
    llm = np.array([0.5, 3.0, -1.0, 2.0, 0.0, 1.0])
    matrix = features.of(history, candidates, llm)
    assert matrix.shape == (6, len(features.names))
    np.testing.assert_allclose(matrix[:, column(features, "retrieval__rank")], [1, 2, 3, 4, 5, 6])
    np.testing.assert_allclose(matrix[:, column(features, "LLM__score")], llm)
    np.testing.assert_allclose(matrix[:, column(features, "LLM__behind_its_best")], llm - 3)
    np.testing.assert_allclose(matrix[:, column(features, "LLM__rank")], [4, 1, 6, 2, 5, 3])


def test_what_a_source_said_is_a_feature_and_what_it_did_not_is_unknown(
    features: FusionFeatures, history: UserHistory, candidates: tuple[Candidate, ...]
) -> None:
    ranks = features.of(history, candidates, np.zeros(6))[:, column(features, "buy_again__rank")]
    said = [[s.rank for s in candidate.sources if s.source == "buy-again"] for candidate in candidates]
    np.testing.assert_array_equal(ranks, [rank[0] if rank else np.nan for rank in said])
    assert any(said)
    assert not all(said)


def test_the_columns_of_the_llm_are_the_only_ones_that_it_changes(
    features: FusionFeatures, history: UserHistory, candidates: tuple[Candidate, ...]
) -> None:
    one, other = (features.of(history, candidates, llm) for llm in (np.arange(6.0), np.array([5.0, 0, 4, 1, 3, 9])))
    same = [np.array_equal(one[:, place], other[:, place], equal_nan=True) for place in range(one.shape[1])]
    assert [place for place, equal in enumerate(same) if not equal] == list(features.of_llm)


def test_a_new_user(features: FusionFeatures, built: BuiltShop) -> None:
    new = UserHistory(user_id="new")
    proposed = built.retriever.retrieve(new, 3)
    assert features.of(new, proposed, np.zeros(3)).shape == (3, len(features.names))
