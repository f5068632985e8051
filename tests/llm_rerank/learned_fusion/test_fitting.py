from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from llm_rerank.learned_fusion.config import TreesConfig
from llm_rerank.learned_fusion.fitting import Fitted, FusionLearner, Lesson
from llm_rerank.learned_fusion.order import Order, blinded, by_place

CONFIG = TreesConfig(trees=40, leaves=4, least_rows=20)
Lessons = Callable[..., list[Lesson]]


def fit(lessons: list[Lesson]) -> Fitted:
    return FusionLearner(("rank", "LLM__score"), (1,), CONFIG).fit(lessons)


def test_an_llm_that_knows_is_heard(lessons: Lessons) -> None:
    fitted = fit(lessons(200, known=1, heard=2))
    assert fitted.order.variant == "one weight"  # there is no more to know
    assert fitted.order.weight > 0.5
    assert fitted.checks["one weight"].mean() > fitted.checks["retrieval"].mean() + 0.1
    assert fitted.checks["trees with the LLM"].mean() > fitted.checks["trees without the LLM"].mean() + 0.1


def test_trees_learn_when_to_hear_it(lessons: Lessons) -> None:
    """Of every second user the LLM knows nothing, and a feature says so."""
    knows, knows_nothing = lessons(200, known=1, heard=4), lessons(200, known=1, heard=0, seed=1)
    heard = [lesson for pair in zip(knows, knows_nothing, strict=True) for lesson in pair]
    told = [replace(one, matrix=np.column_stack([one.matrix, np.full(10, n % 2)])) for n, one in enumerate(heard)]
    fitted = FusionLearner(("rank", "LLM__score", "odd"), (1,), TreesConfig(trees=80, leaves=8, least_rows=20)).fit(
        told
    )
    assert fitted.order.variant == "trees with the LLM"
    assert (fitted.order.weight, fitted.order.trees is None) == (0, False)


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_noise_is_almost_never_heard(lessons: Lessons, known: float) -> None:
    chosen = Counter(fit(lessons(80, known=known, heard=0, seed=seed)).order.variant for seed in range(15))
    assert chosen["trees with the LLM"] + chosen["one weight"] <= 2
    assert chosen["retrieval"] >= 12  # what trees know beside the LLM is retrieval's own rank


def test_checks_are_of_users_that_were_not_learnt_from(lessons: Lessons) -> None:
    """Trees that know every list by heart are no better than chance on others."""
    by_heart = TreesConfig(trees=200, leaves=64, learning_rate=0.5, least_rows=1)
    noise = lessons(60, known=0, heard=0)
    fitted = FusionLearner(("rank", "LLM__score"), (1,), by_heart).fit(noise)
    assert fitted.checks["trees with the LLM"].mean() < 0.6  # chance is .45


def test_a_probability_means_what_it_says(lessons: Lessons) -> None:
    known = lessons(300, known=1, heard=2)
    others = [replace(one, taken=np.zeros(10, dtype=bool)) for one in lessons(300, known=0, heard=0)]
    fitted = fit(known + others)
    slope, shift = fitted.calibration
    raw = [fitted.order.scores(one.matrix, one.llm, one.retrieval) for one in known + others]
    scores = slope * np.concatenate(raw) + shift
    assert slope > 0
    assert np.mean(1 / (1 + np.exp(-scores))) == pytest.approx(0.05, abs=0.01)  # one of ten in every second list
    slope, shift = fitted.without_llm
    by_places = slope * np.tile(by_place(10), len(known + others)) + shift
    assert np.mean(1 / (1 + np.exp(-by_places))) == pytest.approx(0.05, abs=0.01)


def test_a_seed_says_it_all(lessons: Lessons) -> None:
    one, same = fit(lessons(60, known=1, heard=2)), fit(lessons(60, known=1, heard=2))
    assert (one.order, one.calibration) == (same.order, same.calibration)
    assert all((one.checks[variant] == same.checks[variant]).all() for variant in one.checks)


@pytest.mark.parametrize("count", [1, 2, 19])
def test_too_few_users_leave_retrieval_as_it_is(lessons: Lessons, count: int) -> None:
    fitted = fit(lessons(count, known=3, heard=3))
    assert (fitted.order.variant, fitted.order.trees) == ("retrieval", None)


def test_where_nothing_was_taken_there_is_nothing_to_learn(lessons: Lessons) -> None:
    untaken = [replace(one, taken=np.zeros(10, dtype=bool)) for one in lessons(20, known=0, heard=0)]
    fitted = fit(untaken)
    assert (fitted.order.variant, fitted.order.trees) == ("retrieval", None)
    assert np.isfinite(fitted.calibration).all()


def test_without_trees_retrievals_order_stays() -> None:
    scores = Order(variant="trees with the LLM").scores(np.zeros((4, 2), dtype=np.float32), np.arange(4.0), np.zeros(4))
    assert list(np.argsort(-scores)) == [0, 1, 2, 3]


def test_blinded_columns_are_unknown_and_the_others_stay() -> None:
    matrix = np.ones((2, 3), dtype=np.float32)
    assert np.isnan(blinded(matrix, (1,))).tolist() == [[False, True, False]] * 2
    assert not np.isnan(matrix).any()
