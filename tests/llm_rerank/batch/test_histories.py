"""However long a history is, a job keeps the newest of it, in the order and with the times that the whole has."""

from datetime import UTC, datetime

import pytest

from llm_rerank.batch.histories import own_history, with_newest
from llm_rerank.batch.users import BatchUser


def user(*history: object) -> BatchUser:
    return BatchUser.model_validate({"user_id": "anna", "history": history})


@pytest.mark.parametrize("most", [1, 2, 3, 9])
def test_the_newest_are_those_of_the_whole(most: int) -> None:
    told = user("tea", {"item_id": "milk", "timestamp": "2026-01-02T00:00:00Z", "rating": 4}, "oat", "tea")
    assert own_history(with_newest(told, most)).interactions == own_history(told).interactions[-most:]


def test_nothing_told_is_not_a_history_of_nothing() -> None:
    nobody = BatchUser(user_id="anna")
    assert with_newest(nobody, 5) == nobody


def test_texts_which_no_ranking_reads_are_left_out() -> None:
    (kept,) = with_newest(user({"item_id": "tea", "kind": "search", "text": "x" * 9_999}), 5).history or ()
    assert (kept.item_id, kept.kind, kept.text) == ("tea", "search", "")


def test_before_the_first_year_there_is_no_time() -> None:
    first = {"item_id": "milk", "timestamp": "0001-01-01T00:00:00Z"}
    old, new = own_history(user("tea", first)).interactions
    assert (old.item_id, new.item_id) == ("milk", "tea")
    assert new.timestamp < datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("when", ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_what_has_no_time_was_done_last(when: str) -> None:
    told = user({"item_id": "tea", "timestamp": when}, "milk", "oat")
    order = [one.item_id for one in own_history(told).interactions]
    assert sorted(order) == ["milk", "oat", "tea"]
    assert order[0] == "tea" or when > "9999"  # after which there is no room
