from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import DatasetError, UnknownUserError
from retrieval.log import InteractionLog
from retrieval.records import Interaction

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def took(user_id: str, item_id: str, day: int, rating: float | None = None) -> Interaction:
    return Interaction(user_id=user_id, item_id=item_id, timestamp=MONDAY + timedelta(days=day), rating=rating)


def test_a_history_comes_back_oldest_first_as_it_went_in() -> None:
    late, early = took("u", "b", 2, rating=4.0), took("u", "a", 1)
    log = InteractionLog.of([late, took("v", "c", 0), early])
    assert log.history("u").interactions == (early, late)
    assert log.user_ids == ("u", "v")
    assert len(log) == 3


def test_interactions_of_one_moment_keep_the_order_they_came_in() -> None:
    log = InteractionLog.of([took("u", "b", 1), took("u", "a", 1)])
    assert [i.item_id for i in log.history("u").interactions] == ["b", "a"]


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(UnknownUserError, match="user_id='w'"):
        InteractionLog.of([took("u", "a", 1)]).history("w")


def test_a_log_may_be_empty() -> None:
    log = InteractionLog.of([])
    assert len(log) == 0
    assert log.user_ids == ()
    assert "u" not in log


def test_missing_columns_are_named() -> None:
    with pytest.raises(DatasetError, match="timestamp"):
        InteractionLog(pd.DataFrame({"user_id": ["u"], "item_id": ["a"]}))


def test_where_keeps_the_flagged_rows() -> None:
    log = InteractionLog.of([took("u", "a", 1), took("u", "b", 2), took("v", "c", 1)])
    assert log.where(np.array([True, False, False])).user_ids == ("u",)


def test_the_fingerprint_changes_with_a_row() -> None:
    one, two = InteractionLog.of([took("u", "a", 1)]), InteractionLog.of([took("u", "a", 2)])
    assert one.fingerprint == InteractionLog.of([took("u", "a", 1)]).fingerprint
    assert one.fingerprint != two.fingerprint


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abc"), st.integers(0, 4))))
def test_all_histories_together_are_the_log(events: list[tuple[str, str, int]]) -> None:
    log = InteractionLog.of([took(*event) for event in events])
    rows = [
        (i.user_id, i.item_id, (i.timestamp - MONDAY).days) for u in log.user_ids for i in log.history(u).interactions
    ]
    assert sorted(rows) == sorted(events)


def test_an_id_with_a_lone_surrogate_has_a_fingerprint_too() -> None:
    assert len(InteractionLog.of([took("\ud800", "a", 1)]).fingerprint) == 16
