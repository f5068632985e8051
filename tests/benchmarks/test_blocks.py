import numpy as np

from benchmarks.blocks import BLOCK, blocks_table, request


def test_a_prefix_is_whole_blocks_and_what_is_over() -> None:
    asked = request(np.random.default_rng(0), 6, 31, 30)
    assert (len(asked.prefix), len(asked.continuations)) == (6 * BLOCK + 31, 30)


def test_no_prefix_comes_twice() -> None:
    rng = np.random.default_rng(0)
    assert request(rng, 2, 0, 1).prefix != request(rng, 2, 0, 1).prefix


def test_the_mean_is_of_all_places_where_a_prefix_may_end() -> None:
    *rows, mean = blocks_table({0: [1.0, 9.0, 1.0], 31: [2.0]}).rows
    assert rows == [("0", "1.00", "1.00"), ("31", "2.00", "2.00")]
    assert mean[1:] == ("1.50", "1.50")
