"""How sure a mean is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users with its 95 % percentile bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def estimate(values: NDArray[np.float64], *, seed: int = 0) -> Estimate:
    """The mean of one value a user. For paired differences pass the differences: users are resampled, pairs stay."""
    if len(values) < 2 or np.ptp(values) == 0:
        mean = float(values.mean()) if len(values) else 0.0
        return Estimate(mean, mean, mean)
    found = bootstrap((values,), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=np.random.default_rng(seed))
    return Estimate(float(values.mean()), float(found.confidence_interval.low), float(found.confidence_interval.high))
