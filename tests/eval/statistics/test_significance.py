import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, permutation_test

from eval.statistics.significance import bootstrap_interval, difference, differences, intervals, permutation_p
from retrieval.errors import DataError


def test_a_mean_lies_in_its_interval_and_noise_around_zero_holds_zero() -> None:
    found = bootstrap_interval(np.random.default_rng(1).normal(size=200), metric="m")
    assert found.low < found.mean < found.high
    assert found.low < 0 < found.high


def test_a_sure_gain_excludes_zero() -> None:
    assert bootstrap_interval(np.random.default_rng(1).normal(loc=1.0, size=200), metric="m").low > 0


@pytest.mark.parametrize("decimals", [8, 0], ids=["every user another value", "few values"])
def test_the_interval_of_a_normal_mean_is_about_two_standard_errors_each_way(decimals: int) -> None:
    values = np.random.default_rng(2).normal(size=400).round(decimals)
    found = bootstrap_interval(values, metric="m")
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.05)


def test_counting_distinct_values_gives_scipys_interval() -> None:
    values = np.repeat([0.0, 0.5, 1.0], [300, 150, 50])
    scipys = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(0)).confidence_interval
    found = bootstrap_interval(values, metric="m")
    assert (found.low, found.high) == pytest.approx((scipys.low, scipys.high), abs=0.003)


def test_a_seed_makes_it_repeatable() -> None:
    values = np.random.default_rng(3).normal(size=50)
    assert bootstrap_interval(values, metric="m", seed=4) == bootstrap_interval(values, metric="m", seed=4)
    assert permutation_p(values, metric="m", seed=4) == permutation_p(values, metric="m", seed=4)


@pytest.mark.parametrize("values", [[0.5], [2.0, 2.0]])
def test_without_spread_the_interval_is_the_mean(values: list[float]) -> None:
    found = bootstrap_interval(np.array(values), metric="m")
    assert (found.low, found.mean, found.high) == (values[0], values[0], values[0])


def test_three_gains_are_as_extreme_as_one_in_four_flips() -> None:
    # Of the eight ways to sign (1, 2, 4), all plus and all minus are as extreme: 2/8.
    assert permutation_p(np.array([1.0, 2.0, 4.0]), metric="m") == pytest.approx(1 / 4, abs=0.02)


def test_it_is_the_exact_paired_permutation_test() -> None:
    gained = np.random.default_rng(5).normal(0.4, 1, 12).round(1)
    exact = permutation_test((gained,), np.mean, permutation_type="samples", n_resamples=2**12)  # every way to sign
    assert permutation_p(gained, metric="m") == pytest.approx(exact.pvalue, abs=0.015)


def test_chance_never_has_probability_zero_and_no_difference_has_one() -> None:
    assert permutation_p(np.ones(1000), metric="m") == 1 / 10_001
    assert permutation_p(np.zeros(1000), metric="m") == 1.0


def test_many_users_fit_in_memory() -> None:
    tracemalloc.start()
    permutation_p(np.random.default_rng(0).integers(-50, 51, 22_332) / 50, metric="m")
    bootstrap_interval(np.random.default_rng(0).integers(-50, 51, 22_332) / 50, metric="m")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6  # bytes; all resamples of all users at once would be 1.8e9


def test_a_difference_is_ours_minus_theirs() -> None:
    found = difference(np.array([1.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.5]), metric="m")
    assert found.difference.mean == 0.5
    assert found.p_value == pytest.approx(1 / 4, abs=0.02)


def test_a_table_of_users_gives_an_interval_and_a_difference_a_column() -> None:
    ours = pd.DataFrame({"ndcg@10": [1.0, 1.0], "hit@10": [1.0, 1.0]})
    theirs = pd.DataFrame({"ndcg@10": [0.0, 0.0]})
    assert {name: found.mean for name, found in intervals(ours).items()} == {"ndcg@10": 1.0, "hit@10": 1.0}
    assert {name: found.difference.mean for name, found in differences(ours, theirs).items()} == {"ndcg@10": 1.0}


def test_a_missing_value_names_its_metric() -> None:
    with pytest.raises(DataError, match=r"ndcg@10=nan: 1 of 2 users have no number"):
        bootstrap_interval(np.array([0.5, np.nan]), metric="ndcg@10")


def test_nobody_was_measured() -> None:
    with pytest.raises(DataError, match="nobody"):
        permutation_p(np.array([]), metric="ndcg@10")


def test_systems_are_compared_over_the_same_users() -> None:
    with pytest.raises(DataError, match="the other system has 2 users"):
        difference(np.ones(3), np.ones(2), metric="ndcg@10")
