import numpy as np
import pytest

from eval.statistics.clusters import clustered_interval
from eval.statistics.significance import bootstrap_interval
from retrieval.errors import DataError

VALUES = np.random.default_rng(0).random(200)


def test_one_item_a_user_is_the_usual_bootstrap() -> None:
    usual = bootstrap_interval(VALUES, metric="m")
    found = clustered_interval(VALUES, [str(number) for number in range(200)], metric="m")
    assert found.mean == usual.mean
    assert (found.low, found.high) == pytest.approx((usual.low, usual.high), abs=0.005)


def test_items_of_one_user_that_are_all_alike_are_one() -> None:
    """Four times the items of the same users make nothing surer."""
    users = [str(number) for number in range(200)]
    once = clustered_interval(VALUES, users, metric="m")
    four = clustered_interval(np.tile(VALUES, 4), users * 4, metric="m")
    assert (four.mean, four.low, four.high) == pytest.approx((once.mean, once.low, once.high))


def test_users_with_more_items_weigh_more() -> None:
    found = clustered_interval(np.array([1.0, 1.0, 1.0, 0.0]), ["a", "a", "a", "b"], metric="m")
    assert (found.mean, found.low, found.high) == (0.75, 0.0, 1.0)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(DataError, match="nothing was measured"):
        clustered_interval(np.array([]), [], metric="m")
