import numpy as np
import pytest

from eval.metrics.calibration import Bin, calibration
from retrieval.errors import DataError


def test_half_of_the_halves_came_true() -> None:
    assert calibration(np.full(4, 0.5), np.array([True, False, True, False]), 1).error == 0.0


def test_bins_hold_as_many_predictions_each() -> None:
    found = calibration(np.array([0.9, 0.1, 0.7, 0.3]), np.array([True, False, True, False]), 2)
    assert found.bins == [Bin(pytest.approx(0.2), 0.0, 2), Bin(pytest.approx(0.8), 1.0, 2)]
    assert found.error == pytest.approx(0.2)


def test_sure_and_always_wrong_is_one() -> None:
    assert calibration(np.ones(20), np.zeros(20, dtype=bool)).error == 1.0


def test_no_more_bins_than_predictions() -> None:
    assert len(calibration(np.array([0.2, 0.4]), np.array([True, False]), 10).bins) == 2


@pytest.mark.parametrize("wrong", [1.5, -0.1, np.nan])
def test_a_score_is_no_probability(wrong: float) -> None:
    with pytest.raises(DataError, match="no probability"):
        calibration(np.array([0.5, wrong]), np.array([True, True]))


def test_every_outcome_needs_a_prediction() -> None:
    with pytest.raises(DataError, match="for 2 outcomes"):
        calibration(np.array([0.5]), np.array([True, True]))
