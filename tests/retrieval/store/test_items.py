from concurrent.futures import ThreadPoolExecutor

import pytest

from retrieval.errors import RecordError
from retrieval.records import Item
from retrieval.store.database import Database
from retrieval.store.items import ItemStore

OAT = Item(item_id="oat", title="Oat milk ☕", category="dairy", brand="Meadow", price=2.5, attributes={"size": "1 l"})


@pytest.fixture
def store(database: Database) -> ItemStore:
    return ItemStore(database)


def test_an_item_comes_back_as_it_was(store: ItemStore) -> None:
    bare = Item(item_id="tea", title="Tea")
    store.put("shop", [OAT, bare])
    assert store.changes("shop", 0, 10).items == (OAT, bare)


def test_changes_after_a_change_are_the_newer_ones(store: ItemStore) -> None:
    store.put("shop", [OAT, Item(item_id="tea", title="Tea")])
    seen = store.changes("shop", 0, 10)
    assert store.changes("shop", seen.last, 10).items == ()
    store.put("shop", [Item(item_id="tea", title="Green tea", available=False)])
    news = store.changes("shop", seen.last, 10)
    assert [(item.title, item.available) for item in news.items] == [("Green tea", False)]
    assert store.changes("shop", news.last, 10).last == news.last
    assert len(store.changes("shop", 0, 10).items) == 2


def test_the_newest_item_changed_again_is_a_new_change(store: ItemStore) -> None:
    store.put("shop", [OAT])
    for title in ("Oats", "Oat drink"):
        last = store.changes("shop", 0, 10).last
        store.put("shop", [Item(item_id="oat", title=title)])
        assert [item.title for item in store.changes("shop", last, 10).items] == [title]


def test_page_by_page(store: ItemStore) -> None:
    store.put("shop", [Item(item_id=f"i{n}", title=f"Item {n}") for n in range(1200)])
    found, last = [], 0
    while (page := store.changes("shop", last, 500)).items:
        found += [item.item_id for item in page.items]
        last = page.last
    assert found == [f"i{n}" for n in range(1200)]


def test_of_one_given_twice_the_last_counts(store: ItemStore) -> None:
    store.put("shop", [OAT, Item(item_id="oat", title="Oats")])
    assert [item.title for item in store.changes("shop", 0, 10).items] == ["Oats"]
    store.put("shop", [])


def test_tenants_do_not_see_each_other(store: ItemStore) -> None:
    store.put("shop", [OAT])
    store.put("other", [Item(item_id="oat", title="Oats")])
    assert store.changes("shop", 0, 10).items == (OAT,)
    assert len(store.changes("nobody", 0, 10).items) == 0


def test_an_id_that_is_too_long_is_refused_with_all(store: ItemStore) -> None:
    with pytest.raises(RecordError, match="1 to 256 characters"):
        store.put("shop", [OAT, Item(item_id="x" * 257, title="Long")])
    with pytest.raises(RecordError, match="no NUL"):
        store.put("shop", [OAT, Item(item_id="nul", title="a\x00b")])
    assert len(store.changes("shop", 0, 10).items) == 0


def test_a_reader_who_follows_many_writers_misses_nothing(store: ItemStore) -> None:
    found, last = set[str](), 0
    with ThreadPoolExecutor(6) as threads:
        writing = [threads.submit(store.put, "shop", [Item(item_id=f"i{n}", title="Item")]) for n in range(60)]
        while not all(done.done() for done in writing) or store.changes("shop", last, 9).items:
            page = store.changes("shop", last, 9)
            found |= {item.item_id for item in page.items}
            last = page.last
    assert found == {f"i{n}" for n in range(60)}
