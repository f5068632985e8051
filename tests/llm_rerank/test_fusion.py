import numpy as np
from numpy.typing import NDArray

from llm_rerank.fusion import WEIGHTS, ScoredList, choose_weight, fuse, standardise


def reciprocal_rank(scores: NDArray[np.float64], relevant: NDArray[np.bool_]) -> float:
    return float(max(relevant[np.argsort(-scores)] / np.arange(1, len(scores) + 1)))


def lists(count: int, *, signal: float, seed: int = 0) -> list[ScoredList]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        relevant = np.arange(10) == random.integers(10)
        llm = random.normal(size=10) + signal * relevant
        found.append(ScoredList(llm=llm, retrieval=random.normal(size=10) + relevant, relevant=relevant))
    return found


def test_standardised_by_hand() -> None:
    np.testing.assert_allclose(standardise(np.array([1.0, 3.0])), [-1, 1])
    np.testing.assert_allclose(standardise(np.array([5.0, 5.0, 5.0])), [0, 0, 0])
    assert standardise(np.empty(0)).shape == (0,)


def test_weights_0_and_1_are_one_side_alone() -> None:
    llm, retrieval = np.array([1.0, 3.0]), np.array([30.0, 10.0])
    np.testing.assert_allclose(fuse(llm, retrieval, 1), [-1, 1])
    np.testing.assert_allclose(fuse(llm, retrieval, 0), [1, -1])
    np.testing.assert_allclose(fuse(llm, retrieval, 0.5), [0, 0])


def test_a_signal_is_given_weight() -> None:
    assert choose_weight(lists(200, signal=3), reciprocal_rank) > 0.3


def test_noise_is_almost_never_given_any() -> None:
    chosen = [choose_weight(lists(60, signal=0, seed=seed), reciprocal_rank) for seed in range(40)]
    assert sum(weight > 0 for weight in chosen) <= 3


def test_too_few_users_are_no_evidence() -> None:
    assert choose_weight([], reciprocal_rank) == 0
    assert choose_weight(lists(1, signal=9), reciprocal_rank) == 0


def test_the_weights_tried() -> None:
    assert (WEIGHTS[0], WEIGHTS[-1], len(WEIGHTS)) == (0.0, 1.0, 21)
