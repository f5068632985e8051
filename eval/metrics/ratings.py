"""How far predicted ratings are from the ratings given, in the ratings' own unit."""

import numpy as np
from numpy.typing import NDArray

from eval.metrics.lenskit import rating_errors
from retrieval.errors import DataError


def rating_metrics(predicted: NDArray[np.float64], ratings: NDArray[np.float64]) -> dict[str, float]:
    """`rmse` and `mae` over all ratings at once, LensKit's. Shapes (n,) and (n,)."""
    if len(predicted) != len(ratings) or not len(ratings):
        raise DataError(
            f"there must be one prediction a rating, for {len(ratings)} ratings",
            field="predicted",
            value=len(predicted),
            remedy="Predict every rating, and at least one.",
        )
    if missing := int(np.isnan(predicted).sum()):
        raise DataError(
            f"{missing} of {len(ratings)} predictions are not a number",
            field="predicted",
            value=float("nan"),
            remedy="Fall back to the mean rating where a model has no answer.",
        )
    return rating_errors(predicted, ratings)
