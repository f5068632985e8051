from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from retrieval.errors import RecordError
from retrieval.records import Interaction
from retrieval.store.database import Database
from retrieval.store.interactions import InteractionStore, KeyedInteraction

NOON = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def store(database: Database) -> InteractionStore:
    return InteractionStore(database)


def did(key: str, item: str = "milk", *, user: str = "anna", hours: float = 0, **others: object) -> KeyedInteraction:
    at = NOON + timedelta(hours=hours)
    said = {"user_id": user, "item_id": item, "timestamp": at, **others}
    return KeyedInteraction(key=key, interaction=Interaction(**said))  # type: ignore[arg-type]


def test_a_history_is_oldest_first_and_comes_back_as_it_was(store: InteractionStore) -> None:
    rated = did("2", "tea", hours=1, kind="rating", rating=4.5, text="für Mama 😀\n'; DROP TABLE items;--")
    assert store.add("shop", [rated, did("1", "milk")]) == 2
    assert store.history("shop", "anna", 10).interactions == (did("1").interaction, rated.interaction)


def test_only_the_newest_and_ties_in_the_order_they_came(store: InteractionStore) -> None:
    store.add("shop", [did("1", "tea", hours=-1), did("2", "milk"), did("3", "bread"), did("4", "oat")])
    assert [i.item_id for i in store.history("shop", "anna", 3).interactions] == ["milk", "bread", "oat"]


def test_a_time_of_another_zone_is_the_same_moment(store: InteractionStore) -> None:
    store.add("shop", [did("1", timestamp=NOON.astimezone(timezone(timedelta(hours=9))))])
    (kept,) = store.history("shop", "anna", 1).interactions
    assert kept.timestamp == NOON


def test_what_is_sent_again_is_there_once(store: InteractionStore) -> None:
    assert store.add("shop", [did("1"), did("2", "tea"), did("1")]) == 2
    assert store.add("shop", [did("2", "tea"), did("3", "tea")]) == 1
    assert len(store.history("shop", "anna", 10).interactions) == 3


def test_a_time_that_nobody_sent_is_not_compared_and_the_first_is_kept(store: InteractionStore) -> None:
    first, again = (replace(did("1", hours=hours), timed=False) for hours in (0, 1))
    assert [store.add("shop", [first]), store.add("shop", [again]), store.add("shop", [first, again])] == [1, 0, 0]
    (kept,) = store.history("shop", "anna", 9).interactions
    assert kept.timestamp == NOON
    with pytest.raises(RecordError, match="its item_id differs"):
        store.add("shop", [replace(did("1", "tea"), timed=False)])


@pytest.mark.parametrize("other", [{"item": "tea"}, {"user": "ben"}, {"hours": 1}, {"kind": "view"}, {"rating": 1.0}])
def test_a_key_of_something_else_is_refused_with_its_batch(store: InteractionStore, other: dict[str, object]) -> None:
    store.add("shop", [did("1")])
    with pytest.raises(RecordError, match=r"key='1': another interaction is known under this key"):
        store.add("shop", [did("9", "oat"), did("1", **other)])  # type: ignore[arg-type]
    with pytest.raises(RecordError, match=r"key='8': another interaction"):
        store.add("shop", [did("8"), did("8", **other)])  # type: ignore[arg-type]
    assert len(store.history("shop", "anna", 10).interactions) == 1


def test_tenants_do_not_see_each_other(store: InteractionStore) -> None:
    store.add("shop", [did("1", "milk")])
    assert store.add("other", [did("1", "tea")]) == 1
    assert [i.item_id for i in store.history("shop", "anna", 9).interactions] == ["milk"]
    assert [i.item_id for i in store.history("other", "anna", 9).interactions] == ["tea"]
    assert store.forget("other", "anna") == 1
    assert len(store.history("shop", "anna", 9).interactions) == 1


def test_who_is_unknown_has_an_empty_history(store: InteractionStore) -> None:
    assert store.history("shop", "nobody", 9).interactions == ()
    assert store.forget("shop", "nobody") == 0
    assert store.add("shop", []) == 0


def test_a_batch_of_thousands_sent_twice(store: InteractionStore) -> None:
    many = [did(str(n), f"i{n}", hours=n) for n in range(3000)]
    assert store.add("shop", many) == 3000
    assert store.add("shop", many) == 0
    assert store.history("shop", "anna", 2).item_ids == ("i2998", "i2999")


@pytest.mark.parametrize("field", ["key", "user", "item"])
@pytest.mark.parametrize("bad", ["x" * 257, "a\x00b", "\ud800", " "])
def test_ids_that_no_database_keeps_are_refused(store: InteractionStore, field: str, bad: str) -> None:
    said = {"key": "1", "item": "milk", "user": "anna"} | {field: bad}
    with pytest.raises(RecordError):
        store.add("shop", [did("2"), did(**said)])  # type: ignore[arg-type]
    assert store.history("shop", "anna", 9).interactions == ()


@pytest.mark.parametrize("other", [{"text": "a\x00b"}, {"text": "\ud800"}, {"rating": float("nan")}])
def test_what_no_database_keeps_is_refused(store: InteractionStore, other: dict[str, object]) -> None:
    with pytest.raises(RecordError, match=r"text=|rating="):
        store.add("shop", [did("1", **other)])  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="tenant="):
        store.add("x" * 257, [did("1")])


def test_many_writers_of_the_same_keys_at_once(store: InteractionStore) -> None:
    batches = [[did(str(n), f"i{n}") for n in range(start, start + 20)] for start in range(0, 80, 5)]
    batches = [batch[::-1] if number % 2 else batch for number, batch in enumerate(batches)]  # each waits for the other
    with ThreadPoolExecutor(8) as threads:
        added = sum(threads.map(lambda batch: store.add("shop", batch), batches))
    assert added == len(store.history("shop", "anna", 1000).interactions) == 95
