"""A shop whose items change: what is proposed, and what stays."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import lightgbm
import numpy as np
import pytest

from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.errors import ModelError
from retrieval.files import Arrays
from retrieval.folder import BuiltShop
from retrieval.live import shop
from retrieval.live.shop import LiveShop
from retrieval.records import Interaction, Item, UserHistory
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.features import Features, plain
from retrieval.retrievers.blend.retriever import BlendRetriever

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


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
    assert [(one.source, one.rank) for one in found[-1].sources] == [("new", 2)]
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


def by_text(item_id: str) -> UserHistory:
    """Of somebody who once took this, and nothing that goes with it."""
    return UserHistory.of("somebody", [Interaction(user_id="somebody", item_id=item_id, timestamp=MONDAY)])


def sources_of(shop: BuiltShop, item_id: str, history: UserHistory) -> list[str]:
    """Who proposes it; nobody: []."""
    found = shop.retriever.retrieve(history, 12)
    return [said.source for one in found if one.item.item_id == item_id for said in one.sources or (one,)]


def test_what_reads_differently_is_found_by_its_new_text_and_not_by_its_old(built: BuiltShop, live: LiveShop) -> None:
    as_bread = Item(item_id="oat", title="Brown bread", category="bakery", brand="Oven")
    assert "text" in sources_of(live, "oat", by_text("milk"))
    live.change([as_bread])
    assert "text" not in sources_of(live, "oat", by_text("milk"))
    assert live.fresh.retriever.fresh.retrieve(by_text("bread"), 1)[0].item == as_bread
    assert sources_of(live, "oat", by_text("bread")) == ["new"]
    assert "text" in sources_of(built, "oat", by_text("milk"))


def test_what_people_did_with_it_still_counts_under_a_new_text(live: LiveShop) -> None:
    assert {"buy-again", "text"} <= set(sources_of(live, "milk", live.log.history("anna")))
    live.change([Item(item_id="milk", title="Bicycle pump")])
    assert "milk" in proposed(live)[:6]  # not behind the others, among those that are found by a new text
    assert sources_of(live, "milk", live.log.history("anna")) == ["buy-again", "popularity"]


def test_another_price_is_no_other_text_and_an_old_text_is_read_as_before(built: BuiltShop, live: LiveShop) -> None:
    known = built.catalogue["milk"]
    for item in (replace(known, price=9.0), replace(known, title="Bicycle pump"), known):
        live.change([item])
        assert len(live.fresh.retriever.fresh) == (item.title != known.title)
    assert proposed(live) == proposed(built)
    np.testing.assert_array_equal(live.text_vectors(["milk"]), built.text_vectors(["milk"]))
    live.change([replace(known, title="Bicycle pump"), known])
    assert len(live.fresh.retriever.fresh) == 0


@pytest.mark.parametrize("learnt", [False, True], ids=["fusion answers", "a model answers"])
def test_a_blend_forgets_the_old_text_too(built: BuiltShop, *, learnt: bool) -> None:
    by_name = {source.name: source for source, _ in built.retriever._sources}  # type: ignore[attr-defined]
    arrays = something_learnt(Features(built.catalogue, built.vectors, built.log, tuple(by_name))) if learnt else {}
    blend = BlendRetriever(BlendConfig(), built.catalogue, built.vectors, built.log, by_name, arrays, built.retriever)
    live = LiveShop.of(replace(built, retriever=blend), new_items=0.25)
    live.change([Item(item_id="oat", title="Bicycle pump")])
    assert "text" not in sources_of(live, "oat", by_text("milk"))
    assert "text" in sources_of(live, "rolls", by_text("bread"))


def something_learnt(features: Features) -> Arrays:
    data = lightgbm.Dataset(np.eye(40, len(features.names)), label=np.arange(40), feature_name=plain(features.names))
    text = lightgbm.train({"verbosity": -1}, data, num_boost_round=1).model_to_string()
    return {"model": np.frombuffer(text.encode(), dtype=np.uint8)}


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
