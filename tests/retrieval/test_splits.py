from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import RecordError
from retrieval.log import InteractionLog
from retrieval.records import Interaction
from retrieval.splits import Part, Split, global_time, last_basket, leave_one_out

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def log_of(*events: tuple[str, str, int]) -> InteractionLog:
    return InteractionLog.of(
        [Interaction(user_id=user, item_id=item, timestamp=MONDAY + timedelta(days=day)) for user, item, day in events]
    )


def trained(split: Split) -> list[str]:
    return split.train.frame["item_id"].tolist()


THREE = log_of(("u", "a", 1), ("u", "b", 2), ("u", "c", 3))


@pytest.mark.parametrize(("part", "train", "target"), [("test", ["a", "b"], "c"), ("validation", ["a"], "b")])
def test_leave_one_out_holds_out_the_last_or_the_one_before(part: Part, train: list[str], target: str) -> None:
    split = leave_one_out(THREE, part)
    assert trained(split) == train
    assert split.targets == {"u": (target,)}
    assert split.held_out.frame["item_id"].tolist() == [target]


def test_a_user_with_one_interaction_is_no_target() -> None:
    split = leave_one_out(log_of(("u", "a", 1)), "test")
    assert split.targets == {}
    assert len(split.train) == len(split.held_out) == 0


BASKETS = log_of(("u", "a", 1), ("u", "b", 2), ("u", "c", 2), ("u", "d", 3), ("u", "e", 3), ("v", "a", 3))


def test_the_last_basket_is_what_shares_the_last_moment() -> None:
    split = last_basket(BASKETS, "test")
    assert trained(split) == ["a", "b", "c"]
    assert split.targets == {"u": ("d", "e")}


def test_validation_never_sees_the_test_basket() -> None:
    split = last_basket(BASKETS, "validation")
    assert trained(split) == ["a"]
    assert split.targets == {"u": ("b", "c")}


def test_two_users_who_buy_at_one_moment_have_two_baskets() -> None:
    split = last_basket(log_of(("u", "a", 1), ("u", "b", 2), ("v", "c", 2), ("v", "d", 3)), "test")
    assert split.targets == {"u": ("b",), "v": ("d",)}


def test_a_target_is_named_once_however_often_it_was_bought() -> None:
    split = global_time(log_of(("u", "a", 1), ("u", "b", 2), ("u", "b", 3)), MONDAY + timedelta(days=2))
    assert split.targets == {"u": ("b",)}


def test_global_time_asks_only_for_users_it_trained_on() -> None:
    split = global_time(log_of(("u", "a", 1), ("u", "b", 2), ("new", "c", 2)), MONDAY + timedelta(days=2))
    assert trained(split) == ["a"]
    assert split.targets == {"u": ("b",)}


def test_global_time_needs_a_zone() -> None:
    with pytest.raises(RecordError, match="zone"):
        global_time(THREE, datetime(2024, 1, 2))


events = st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("abcd"), st.integers(0, 4)), min_size=1)


@given(events, st.sampled_from(get_args(Part)), st.sampled_from([leave_one_out, last_basket]))
def test_nothing_in_training_is_newer_than_what_is_held_out(
    events: list[tuple[str, str, int]], part: Part, split: Callable[[InteractionLog, Part], Split]
) -> None:
    log = log_of(*events)
    result = split(log, part)
    newest_known = result.train.frame.groupby("user_id")["timestamp"].max()
    for user, items in result.targets.items():
        times = log.frame[(log.frame["user_id"] == user) & log.frame["item_id"].isin(items)]["timestamp"]
        assert times.max() >= newest_known[user]
