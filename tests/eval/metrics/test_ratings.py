from math import nan, sqrt

import numpy as np
import pytest

from eval.metrics.ratings import rating_metrics
from retrieval.errors import DataError


def test_errors_of_one_and_of_three_stars() -> None:
    found = rating_metrics(np.array([4.0, 2.0]), np.array([5.0, 5.0]))
    assert found == pytest.approx({"rmse": sqrt((1 + 9) / 2), "mae": 2.0})


def test_a_missing_prediction_is_an_error_and_not_left_out() -> None:
    with pytest.raises(DataError, match="1 of 2 predictions are not a number"):
        rating_metrics(np.array([4.0, nan]), np.array([5.0, 5.0]))


@pytest.mark.parametrize(("predicted", "ratings"), [([1.0], [1.0, 2.0]), ([], [])])
def test_every_rating_needs_a_prediction(predicted: list[float], ratings: list[float]) -> None:
    with pytest.raises(DataError, match="one prediction a rating"):
        rating_metrics(np.array(predicted), np.array(ratings))
