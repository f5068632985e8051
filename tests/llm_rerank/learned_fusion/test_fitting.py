from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from llm_rerank.learned_fusion.config import TreesConfig
from llm_rerank.learned_fusion.fitting import Fitted, Lesson, blinded, fit_fusion, predict

CONFIG = TreesConfig(trees=40, leaves=4, least_rows=20)
Lessons = Callable[..., list[Lesson]]


def fit(lessons: list[Lesson]) -> Fitted:
    return fit_fusion(lessons, ("rank", "LLM__score"), (1,), CONFIG)


def test_an_llm_that_knows_is_heard(lessons: Lessons) -> None:
    fitted = fit(lessons(200, known=1, heard=2))
    assert fitted.variant == "with the LLM"
    assert fitted.checks["with the LLM"].mean() > fitted.checks["without the LLM"].mean() + 0.1


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_noise_is_almost_never_heard(lessons: Lessons, known: float) -> None:
    chosen = Counter(fit(lessons(80, known=known, heard=0, seed=seed)).variant for seed in range(15))
    assert chosen["with the LLM"] <= 2
    assert chosen["retrieval"] >= 12  # what trees know beside the LLM is retrieval's own rank


def test_checks_are_of_users_that_were_not_learnt_from(lessons: Lessons) -> None:
    """Trees that know every list by heart are no better than chance on others."""
    by_heart = TreesConfig(trees=200, leaves=64, learning_rate=0.5, least_rows=1)
    noise = lessons(60, known=0, heard=0)
    fitted = fit_fusion(noise, ("rank", "LLM__score"), (1,), by_heart)
    assert fitted.checks["with the LLM"].mean() < 0.6  # chance is .45


def test_a_probability_means_what_it_says(lessons: Lessons) -> None:
    known = lessons(300, known=1, heard=2)
    others = [Lesson(matrix=one.matrix, taken=np.zeros(10, dtype=bool)) for one in lessons(300, known=0, heard=0)]
    fitted = fit(known + others)
    slope, shift = fitted.calibration
    scores = np.concatenate([slope * predict(fitted.trees, one.matrix) + shift for one in known + others])
    assert slope > 0
    assert np.mean(1 / (1 + np.exp(-scores))) == pytest.approx(0.05, abs=0.02)  # one of ten in every second list


def test_a_seed_says_it_all(lessons: Lessons) -> None:
    one, same = fit(lessons(60, known=1, heard=2)), fit(lessons(60, known=1, heard=2))
    assert one.trees is not None
    assert same.trees is not None
    assert one.trees.model_to_string() == same.trees.model_to_string()
    assert one.calibration == same.calibration


@pytest.mark.parametrize("count", [1, 2, 19])
def test_too_few_users_leave_retrieval_as_it_is(lessons: Lessons, count: int) -> None:
    fitted = fit(lessons(count, known=3, heard=3))
    assert (fitted.variant, fitted.trees) == ("retrieval", None)


def test_where_nothing_was_taken_there_is_nothing_to_learn(lessons: Lessons) -> None:
    untaken = [Lesson(matrix=one.matrix, taken=np.zeros(10, dtype=bool)) for one in lessons(20, known=0, heard=0)]
    fitted = fit(untaken)
    assert (fitted.variant, fitted.trees) == ("retrieval", None)
    assert np.isfinite(fitted.calibration).all()


def test_without_trees_retrievals_order_stays() -> None:
    scores = predict(None, np.zeros((4, 2), dtype=np.float32))
    assert list(np.argsort(-scores)) == [0, 1, 2, 3]


def test_blinded_columns_are_unknown_and_the_others_stay() -> None:
    matrix = np.ones((2, 3), dtype=np.float32)
    assert np.isnan(blinded(matrix, (1,))).tolist() == [[False, True, False]] * 2
    assert not np.isnan(matrix).any()
