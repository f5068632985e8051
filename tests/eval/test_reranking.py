from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.answers import Answers, Rows
from eval.config import RerankedConfig, ShuffledConfig
from eval.llm_scores import Opinion
from eval.reranking import Ask, RerankingMeasure

LISTS = ([0, 1, 2, 3], [4, 5, 6, 7], [0, 2, 4, 6])
RIGHT = ([1, 9], [7], [2, 4])  # of the first two candidates: one of two, none, one of two
SHUFFLED = ShuffledConfig(kind="shuffled", of="popular", candidates=2)
PACKED = RerankedConfig(kind="reranked", of="popular", candidates=3)


def answers(*lists: list[int], scores: Sequence[float] = (4.0, 3.0, 2.0, 1.0)) -> Answers:
    return Answers(
        users=tuple("abc"[: len(lists)]),
        ranked=tuple(rows(*items) for items in lists),
        scores=tuple(np.array(scores[: len(items)], dtype=np.float32) for items in lists),
        milliseconds=np.full(len(lists), 2.0),
    )


def rows(*items: int) -> Rows:
    return np.array(items, dtype=np.int32)


def by_row(user: int, items: Rows) -> Opinion:
    """Likes high rows, whatever their order."""
    return Opinion(scores=items.astype(np.float64) - 3, milliseconds=10.0)


def by_place(user: int, items: Rows) -> Opinion:
    """Likes what it reads first."""
    return Opinion(scores=-np.arange(len(items), dtype=np.float64), milliseconds=10.0)


def measured(
    config: ShuffledConfig | RerankedConfig, ask: Ask | None = None, after: Answers | None = None
) -> RerankingMeasure:
    before = answers(*LISTS)
    return RerankingMeasure(config, before, after or before, [rows(*right) for right in RIGHT], ask)


def test_the_ceiling_is_what_the_candidates_hold() -> None:
    found = measured(SHUFFLED).result(choosing=True)
    assert (found.of, found.candidates, found.ceiling.mean) == ("popular", 2, (1 / 2 + 0 + 1 / 2) / 3)
    assert measured(SHUFFLED).held.tolist() == [True, False, True]


def test_what_is_ranked_only_because_it_was_given_is_no_candidate() -> None:
    before = answers([0, 1, 2, 3], scores=(4.0, -np.inf, -np.inf, -np.inf))
    assert RerankingMeasure(SHUFFLED, before, before, [rows(1)], None).held.tolist() == [False]


def test_overlap_is_one_where_the_order_stayed_and_less_where_not() -> None:
    assert measured(SHUFFLED).result(choosing=False).overlap == pytest.approx(1)
    turned = answers(*([b, a, *others] for a, b, *others in LISTS))
    assert 0 < measured(SHUFFLED, after=turned).result(choosing=False).overlap < 1


def test_chance_is_asked_for_nothing_else() -> None:
    found = measured(SHUFFLED).result(choosing=True)
    assert (found.churn, found.calibration_error, found.weight_curve, found.chosen_weight) == (None, None, {}, None)


def test_scores_that_do_not_depend_on_the_order_churn_nothing() -> None:
    churn = measured(PACKED, by_row).result(choosing=False).churn
    assert churn is not None
    assert (churn.places, churn.top_flips) == (0, 0)


def test_scores_that_depend_on_the_order_churn() -> None:
    churn = measured(PACKED, by_place).result(choosing=False).churn
    assert churn is not None
    assert churn.places > 0
    assert churn.top_flips > 0


def test_equal_scores_are_no_churn() -> None:
    same = measured(PACKED, lambda user, items: Opinion(scores=np.zeros(len(items)), milliseconds=1.0))
    churn = same.result(choosing=False).churn
    assert churn is not None
    assert churn.places == 0


def test_churn_is_not_measured_where_it_is_not_wanted() -> None:
    config = PACKED.model_copy(update={"permutations": None})
    assert measured(config, by_row).result(choosing=False).churn is None


def test_calibration_is_of_log_odds_alone() -> None:
    sure = measured(PACKED, lambda user, items: Opinion(scores=np.full(len(items), -50.0), milliseconds=1.0))
    error = sure.result(choosing=False).calibration_error
    assert error == pytest.approx(3 / 9)  # it says never, and three of nine are right
    letters = PACKED.model_copy(update={"method": "letters"})
    assert measured(letters, by_row).result(choosing=False).calibration_error is None


def test_weights_are_compared_where_one_may_be_chosen() -> None:
    assert measured(PACKED, by_row).result(choosing=False).weight_curve == {}
    found = measured(PACKED, by_row).result(choosing=True)
    # User a's row 1 is second in either order; b holds nothing; c's rows 2 and 4 come from places 3 and 2 to 2 and 1.
    second = 1 / np.log2(3)
    assert found.weight_curve["0"] == pytest.approx((second + (second + 1 / 2) / (1 + second)) / 2)
    assert found.weight_curve["1"] == pytest.approx((second + 1) / 2)
    assert len(found.weight_curve) == 21
    assert found.chosen_weight == 0  # two users prove nothing


def test_what_nobody_holds_has_no_curve() -> None:
    before = answers([0, 1, 2, 3])
    found = RerankingMeasure(PACKED, before, before, [rows(9)], by_row).result(choosing=True)
    assert (found.weight_curve, found.chosen_weight, found.ceiling.mean) == ({}, None, 0)


def test_users_without_candidates_ask_nothing() -> None:
    def ask(user: int, items: Rows) -> Opinion:
        assert len(items)
        return by_row(user, items)

    before = answers([], [4, 5])
    measure = RerankingMeasure(PACKED, before, before, [rows(1), rows(5)], ask)
    assert measure.result(choosing=True).ceiling.mean == 0.5
    assert measure.milliseconds().tolist() == [2, 12]


def test_time_is_that_of_retrieval_and_of_the_model() -> None:
    times: NDArray[np.float64] = measured(PACKED, by_row).milliseconds()
    assert times.tolist() == [12, 12, 12]
    assert measured(SHUFFLED).milliseconds().tolist() == [2, 2, 2]
