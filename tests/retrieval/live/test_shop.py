"""A shop whose items change: what is proposed, and what stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.errors import ModelError
from retrieval.folder import BuiltShop
from retrieval.live import shop
from retrieval.live.shop import LiveShop
from retrieval.records import Item, UserHistory


@pytest.fixture
def live(built: BuiltShop) -> LiveShop:
    return LiveShop.of(built, new_items=0.25)


def proposed(shop: BuiltShop, top_n: int = 8, user: str = "anna") -> list[str]:
    history = shop.log.history(user) if user in shop.log else UserHistory(user_id=user)
    return [candidate.item.item_id for candidate in shop.retriever.retrieve(history, top_n)]


def new(item_id: str, **others: object) -> Item:
    return Item(**{"item_id": item_id, "title": f"Whole milk {item_id}"} | others)  # type: ignore[arg-type]


def test_as_it_was_built_it_proposes_the_same(built: BuiltShop, live: LiveShop) -> None:
    assert proposed(live) == proposed(built)
    assert live.as_built is built


def test_new_items_have_their_share_of_places_and_stand_behind(built: BuiltShop, live: LiveShop) -> None:
    live.change([new(f"new{number}") for number in range(5)])
    found = live.retriever.retrieve(live.log.history("anna"), 8)
    assert [candidate.source == "new" for candidate in found] == [False] * 6 + [True] * 2
    assert [candidate.rank for candidate in found] == list(range(1, 9))
    assert found[-1].score == found[5].score
    assert [candidate.item.item_id for candidate in found[:6]] == proposed(built, 6)


def test_who_has_no_history_is_proposed_nothing_new(built: BuiltShop, live: LiveShop) -> None:
    live.change([new("new")])
    assert proposed(live, user="nobody") == proposed(built, user="nobody")


def test_what_is_withdrawn_is_gone_and_what_comes_back_is_found_by_its_text(built: BuiltShop, live: LiveShop) -> None:
    first, *others = proposed(live)
    item = live.catalogue[first]
    live.change([new(first, title=item.title, available=False)])
    assert first not in proposed(live)
    assert [item_id for item_id in proposed(live) if item_id in others] == others
    live.change([item])
    assert proposed(live) == [first, *others]


def test_positions_stay_and_vectors_follow_the_text(built: BuiltShop, live: LiveShop) -> None:
    before, known = live.catalogue.position("milk"), built.catalogue["milk"]
    vector = built.text_vectors(["milk"])[0]
    live.change([new("new", title=known.title, category=known.category, brand=known.brand)])
    assert live.catalogue.position("milk") == before
    assert live.catalogue.position("new") == len(built.catalogue)
    live.change([new("milk", title="Bicycle pump")])
    assert not np.allclose(live.text_vectors(["milk"])[0], vector)
    np.testing.assert_array_equal(built.text_vectors(["milk"])[0], vector)


def test_the_same_item_twice_counts_as_it_is_last(live: LiveShop) -> None:
    live.change([new("new", price=1.0), new("new", price=2.0)])
    assert live.catalogue["new"].price == 2.0
    assert sum(item.item_id == "new" for item in live.catalogue) == 1


def test_who_asks_while_items_change_never_sees_what_was_withdrawn_for_good(live: LiveShop) -> None:
    names = [f"new{number}" for number in range(50)]
    done = Event()

    def look() -> None:
        while not done.is_set():
            len(live.catalogue.unavailable)

    with ThreadPoolExecutor(2) as readers:
        looking = [readers.submit(look) for _ in range(2)]
        for name in names:
            live.change([new(name)])
            live.change([new(name, available=False)])
            assert name in live.catalogue.unavailable
        done.set()
    assert [future.result() for future in looking] == [None, None]
    assert live.catalogue.unavailable == live.as_built.catalogue.unavailable.union(names)


def test_another_embedder_than_the_builds_is_refused(live: LiveShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop, "build_embedder", lambda _: HashingEmbedder(HashingConfig(dimension=7)))
    with pytest.raises(ModelError, match="another model"):
        live.change([new("new")])
    assert "new" not in live.catalogue
