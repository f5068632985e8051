from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.datasets.k_core import k_core

MOVIELENS = Path(__file__).parents[4] / "shared/data/ml-latest-small"


def log_of(*pairs: str) -> pd.DataFrame:
    return pd.DataFrame([tuple(pair) for pair in pairs], columns=["user_id", "item_id"])


def test_what_is_frequent_enough_stays_in_order() -> None:
    frame = log_of("va", "ua", "vb", "ub", "uc")
    assert k_core(frame, 2)["item_id"].tolist() == ["a", "a", "b", "b"]


def test_dropping_goes_on_until_nothing_changes() -> None:
    # c is rare, without it w is, without w b is, without b u and v have only a
    assert len(k_core(log_of("ua", "va", "ub", "wb", "wc"), 2)) == 0


def test_one_core_is_everything() -> None:
    frame = log_of("ua", "vb")
    assert k_core(frame, 1).equals(frame)


@given(st.lists(st.tuples(st.sampled_from("uvwx"), st.sampled_from("abcd")), max_size=30), st.integers(1, 4))
def test_everyone_in_the_core_has_k_and_the_core_of_the_core_is_itself(pairs: list[tuple[str, str]], k: int) -> None:
    core = k_core(pd.DataFrame(pairs, columns=["user_id", "item_id"]), k)
    for column in ("user_id", "item_id"):
        assert (core[column].value_counts() >= k).all()
    assert k_core(core, k).equals(core)


@pytest.mark.skipif(not MOVIELENS.is_dir(), reason="the benchmark data ml-latest-small is not here")
def test_the_published_size_of_a_real_five_core() -> None:
    ratings = pd.read_csv(MOVIELENS / "ratings.csv.gz").rename(columns={"userId": "user_id", "movieId": "item_id"})
    core = k_core(ratings, 5)
    assert (core["user_id"].nunique(), core["item_id"].nunique(), len(core)) == (610, 3_650, 90_274)
