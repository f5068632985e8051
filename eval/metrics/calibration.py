"""Whether a predicted probability means what it says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import DataError


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of the reliability table: predictions of about the same size."""

    predicted: float
    """Their mean."""

    observed: float
    """Share of them that came true."""

    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error: the mean over predictions of |predicted - observed| of their bin."""

    error: float
    bins: list[Bin]


def calibration(predicted: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = 10) -> Calibration:
    """With bins of equal mass (Nixon et al. 2019): as many predictions in each, smallest first. Shapes (n,), (n,)."""
    _check(predicted, came_true)
    order = np.argsort(predicted, kind="stable")
    table = [
        Bin(float(predicted[rows].mean()), float(came_true[rows].mean()), len(rows))
        for rows in np.array_split(order, min(bins, len(order)))
    ]
    error = sum(row.count * abs(row.predicted - row.observed) for row in table) / len(order)
    return Calibration(error, table)


def _check(predicted: NDArray[np.float64], came_true: NDArray[np.bool_]) -> None:
    if len(predicted) != len(came_true) or not len(predicted):
        raise DataError(
            f"there must be one prediction an outcome, for {len(came_true)} outcomes",
            field="predicted",
            value=len(predicted),
            remedy="Predict every outcome, and at least one.",
        )
    wrong = predicted[~((predicted >= 0) & (predicted <= 1))]
    if len(wrong):
        raise DataError(
            "this is no probability", field="predicted", value=float(wrong[0]), remedy="Give numbers from 0 to 1."
        )
