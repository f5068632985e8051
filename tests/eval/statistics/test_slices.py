import numpy as np
import pandas as pd

from eval.statistics.slices import by_history, by_popularity, slices

HITS = pd.DataFrame({"hit@10": [1.0, 0.0, 1.0, 1.0]})


def test_histories_are_short_medium_or_long() -> None:
    found = by_history(np.array([1, 4, 5, 9, 10, 200]))
    assert {label: mask.tolist().count(True) for label, mask in found.items()} == {
        "short, 1-4": 2,
        "medium, 5-9": 2,
        "long, 10+": 2,
    }


def test_ten_tenths_of_a_hundred_users_labelled_by_their_counts() -> None:
    found = by_popularity(np.arange(1.0, 101.0))
    assert list(found)[:2] == ["1-10", "11-20"]
    assert [int(mask.sum()) for mask in found.values()] == [10] * 10


def test_equal_counts_stay_together() -> None:
    found = by_popularity(np.array([0.0] * 8 + [3.0, 5.0]))
    assert {label: int(mask.sum()) for label, mask in found.items()} == {"0": 8, "3": 1, "5": 1}


def test_every_slice_has_its_users_and_their_mean() -> None:
    found = slices(np.array([2, 3, 20, 30]), np.array([0.0, 0.0, 4.0, 4.0]), HITS)
    assert found["history length"]["short, 1-4"].users == 2
    assert found["history length"]["short, 1-4"].metrics["hit@10"].mean == 0.5
    assert found["cold items"]["seen in training"].metrics["hit@10"].mean == 1.0


def test_empty_slices_and_families_of_one_slice_are_left_out() -> None:
    found = slices(np.array([2, 3, 20, 30]), np.array([4.0, 4.0, 4.0, 4.0]), HITS)
    assert list(found) == ["history length"]
    assert list(found["history length"]) == ["short, 1-4", "long, 10+"]


def test_candidates_that_hold_nothing_are_a_slice_of_their_own() -> None:
    held = np.array([True, False, True, True])
    found = slices(np.array([2, 3, 4, 4]), np.array([4.0, 4.0, 4.0, 4.0]), HITS, held)
    assert {label: part.users for label, part in found["candidates"].items()} == {
        "hold a right item": 3,
        "hold none": 1,
    }
    assert found["candidates"]["hold a right item"].metrics["hit@10"].mean == 1.0
