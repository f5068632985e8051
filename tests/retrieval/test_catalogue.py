import pytest

from retrieval.catalogue import Catalogue
from retrieval.errors import EmptyCatalogueError, RecordError, UnknownItemError
from retrieval.records import Item

MILK = Item(item_id="milk", title="Milk", price=1.5)
BREAD = Item(item_id="bread", title="Bread", price=1.0, available=False)
SALT = Item(item_id="salt", title="Salt")


def test_items_keep_their_order_as_positions() -> None:
    catalogue = Catalogue([MILK, BREAD])
    assert list(catalogue) == [MILK, BREAD]
    assert catalogue.position("bread") == 1
    assert catalogue.at(1) is catalogue["bread"] is BREAD
    assert len(catalogue) == 2
    assert "milk" in catalogue
    assert "tea" not in catalogue


def test_an_empty_catalogue_is_refused() -> None:
    with pytest.raises(EmptyCatalogueError, match="at least one item"):
        Catalogue([])


def test_two_items_with_one_id_are_refused_by_name() -> None:
    with pytest.raises(RecordError, match="'milk'"):
        Catalogue([MILK, BREAD, MILK])


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(UnknownItemError, match="'tea'"):
        Catalogue([MILK])["tea"]


def test_unavailable_items_and_prices_in_order() -> None:
    catalogue = Catalogue([MILK, BREAD, SALT])
    assert catalogue.unavailable == {"bread"}
    assert catalogue.sorted_prices == (1.0, 1.5)


def test_the_fingerprint_changes_with_any_field_and_only_then() -> None:
    same = Item(item_id=MILK.item_id, title=MILK.title, category=MILK.category, brand=MILK.brand, price=MILK.price)
    renamed = Item(item_id="milk", title="Whole Milk")
    dearer = Item(item_id="milk", title="Milk", price=9.0)
    assert Catalogue([MILK]).fingerprint == Catalogue([same]).fingerprint
    assert Catalogue([MILK]).fingerprint != Catalogue([dearer]).fingerprint
    assert Catalogue([MILK]).fingerprint != Catalogue([renamed]).fingerprint


def test_a_title_with_a_lone_surrogate_has_a_fingerprint_too() -> None:
    assert len(Catalogue([Item(item_id="1", title="broken \ud800 text")]).fingerprint) == 16
