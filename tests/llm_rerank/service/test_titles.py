"""Items are looked for by titles that are folded once, and by those that they have now."""

import pytest

from llm_rerank.service.titles import Titles
from retrieval.folder import BuiltShop
from retrieval.live.shop import LiveShop
from retrieval.records import Item


class Counted(str):
    """A title that counts how often it is folded."""

    folded = 0

    def casefold(self) -> str:
        Counted.folded += 1
        return super().casefold()


@pytest.fixture
def live(built: BuiltShop) -> LiveShop:
    live = LiveShop.of(built, new_items=0.1)
    live.change([Item(item_id="oats", title=Counted("Oat flakes"))])
    Counted.folded = 0
    return live


def test_titles_are_folded_once_for_each_state_of_the_catalogue(live: LiveShop) -> None:
    titles = Titles(live)
    for query in ("oat", "OAT flakes", "milk"):
        assert titles.find(query, 10)
    assert Counted.folded == 1


def test_what_has_changed_is_found_as_it_is_now(live: LiveShop) -> None:
    titles = Titles(live)
    assert [item.item_id for item in titles.find("flakes", 10)] == ["oats"]
    live.change([Item(item_id="oats", title="Porridge"), Item(item_id="corn", title="Corn flakes")])
    assert [item.item_id for item in titles.find("flakes", 10)] == ["corn"]
    assert [item.title for item in titles.find("porridge", 10)] == ["Porridge"]
