import numpy as np
import pytest

from retrieval.retrievers.sequence.competitors import SampledCatalogue, WholeCatalogue

RIGHT = np.array([2, 0, 2])


def test_the_whole_catalogue_competes_as_it_is() -> None:
    competing = WholeCatalogue(4).draw(RIGHT, np.random.default_rng(0))
    assert competing.columns.tolist() == [0, 1, 2, 3]
    assert competing.correction.tolist() == [0, 0, 0, 0]


def test_the_right_answers_and_as_many_others_as_asked_for_compete() -> None:
    competing = SampledCatalogue(np.ones(1000, dtype=np.int64), 10).draw(RIGHT, np.random.default_rng(0))
    columns = competing.columns.tolist()
    assert {0, 2} < set(columns)
    assert columns == sorted(set(columns))
    assert 10 <= len(columns) <= 12


def test_a_score_loses_the_log_of_how_likely_the_item_competed() -> None:
    sampled = SampledCatalogue(np.array([3, 1, 0, 0]), 2)
    competing = sampled.draw(np.array([0, 1]), np.random.default_rng(0))
    likely = np.exp(competing.correction[:2])
    # missed by two answers, which are item 0 three times in 4 and item 1 once in 4, and by 2 of 4 random ones
    assert likely == pytest.approx([1 - (1 / 4) ** 2 * (1 - 2 / 4), 1 - (3 / 4) ** 2 * (1 - 2 / 4)])


def test_the_likelihood_is_how_often_an_item_does_compete() -> None:
    counts, rng = np.array([6, 2, 1, 1, 0]), np.random.default_rng(0)
    sampled = SampledCatalogue(counts, 2)
    times = np.zeros(5)
    for _ in range(4000):
        competing = sampled.draw(rng.choice(5, size=3, p=counts / 10), rng)
        times[competing.columns] += 1
    everything = sampled.draw(np.arange(3), rng)
    for column, correction in zip(everything.columns, everything.correction, strict=True):
        assert times[column] / 4000 == pytest.approx(np.exp(correction), abs=0.03)


def test_more_than_all_items_are_all_items_uncorrected() -> None:
    competing = SampledCatalogue(np.array([5, 1, 1]), 100).draw(RIGHT, np.random.default_rng(0))
    assert competing.columns.tolist() == [0, 1, 2]
    assert competing.correction.tolist() == [0, 0, 0]
