from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import DataError, LlmRerankError, RecordError
from retrieval.records import Interaction, Item, UserHistory

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def took(item_id: str, day: int) -> Interaction:
    return Interaction(user_id="u", item_id=item_id, timestamp=MONDAY + timedelta(days=day))


@pytest.mark.parametrize("price", [-0.01, float("nan"), float("inf"), float("-inf")])
def test_an_item_refuses_an_impossible_price_and_names_it(price: float) -> None:
    with pytest.raises(RecordError, match="price="):
        Item(item_id="1", title="Milk", price=price)


@pytest.mark.parametrize("title", ["", "   ", "\n\t"])
def test_an_item_needs_a_title(title: str) -> None:
    with pytest.raises(RecordError, match="title"):
        Item(item_id="1", title=title)


@pytest.mark.parametrize("item_id", ["", " ", 7, None])
def test_an_id_is_a_string_that_says_something(item_id: object) -> None:
    with pytest.raises(RecordError, match="item_id"):
        Item(item_id=item_id, title="Milk")  # type: ignore[arg-type]


def test_the_text_of_an_item_adds_only_what_the_title_does_not_say() -> None:
    item = Item(
        item_id="1", title="Milk, 1 gal", category="Dairy", brand="Milk", attributes={"size": "1 gal", "fat": "2%"}
    )
    assert item.text == "Milk, 1 gal, Dairy, 2%"


def test_items_with_equal_fields_are_equal_and_share_a_hash() -> None:
    one, other = (Item(item_id="1", title="Milk", attributes={"fat": "2%"}) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)


def test_a_timestamp_without_a_zone_is_refused() -> None:
    with pytest.raises(RecordError, match="time zone"):
        Interaction(user_id="u", item_id="1", timestamp=datetime(2024, 1, 1))


def test_a_history_that_is_not_oldest_first_is_refused() -> None:
    with pytest.raises(RecordError, match="oldest first"):
        UserHistory(user_id="u", interactions=(took("a", 2), took("b", 1)))


def test_history_of_sorts_by_time_and_keeps_ties_as_given() -> None:
    history = UserHistory.of("u", [took("late", 2), took("first", 1), took("second", 1)])
    assert [i.item_id for i in history.interactions] == ["first", "second", "late"]


def test_item_ids_are_distinct_and_ordered_by_their_latest_interaction() -> None:
    history = UserHistory.of("u", [took("a", 1), took("b", 2), took("a", 3)])
    assert history.item_ids == ("b", "a")


def test_without_an_item_nothing_of_it_is_left() -> None:
    history = UserHistory.of("u", [took("a", 1), took("b", 2), took("a", 3)])
    assert history.only({"b"}).item_ids == ("b",)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
def test_item_ids_are_exactly_the_items_of_the_history(events: list[tuple[str, int]]) -> None:
    history = UserHistory.of("u", [took(item_id, day) for item_id, day in events])
    assert sorted(history.item_ids) == sorted({item_id for item_id, _ in events})


def test_an_error_is_one_line_whatever_the_value_holds() -> None:
    error = RecordError("no", field="title", value="\x1b[31m\n" + "x" * 500, remedy="Fix it.")
    assert isinstance(error, DataError)
    assert isinstance(error, LlmRerankError)
    assert str(error).isprintable()
    assert len(str(error)) < 120


def test_a_history_needs_a_user() -> None:
    with pytest.raises(RecordError, match="user_id=' '"):
        UserHistory(user_id=" ")
