import numpy as np
import pytest

from eval.interval import estimate


def test_a_mean_lies_in_its_interval_and_noise_around_zero_holds_zero() -> None:
    noise = np.random.default_rng(1).normal(size=200)
    found = estimate(noise)
    assert found.low < found.mean < found.high
    assert found.low < 0 < found.high


def test_a_sure_gain_excludes_zero() -> None:
    assert estimate(np.random.default_rng(1).normal(loc=1.0, size=200)).low > 0


def test_the_interval_of_a_normal_mean_is_about_two_standard_errors_each_way() -> None:
    values = np.random.default_rng(2).normal(size=400)
    found = estimate(values)
    assert found.high - found.low == pytest.approx(4 * values.std() / 20, rel=0.1)


def test_a_seed_makes_it_repeatable() -> None:
    values = np.random.default_rng(3).normal(size=50)
    assert estimate(values, seed=4) == estimate(values, seed=4)


@pytest.mark.parametrize(("values", "mean"), [([], 0.0), ([0.5], 0.5), ([2.0, 2.0], 2.0)])
def test_without_spread_the_interval_is_the_mean(values: list[float], mean: float) -> None:
    found = estimate(np.array(values))
    assert (found.low, found.mean, found.high) == (mean, mean, mean)
