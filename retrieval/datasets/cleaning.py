"""Cleaning: whatever is wrong with a shop's raw rows is counted and shown, then taken out. Nothing goes silently.

Raw items have the columns ITEM_COLUMNS, any further column being an attribute; raw interactions have those of the log.
Timestamps carry a time zone, NaT where unknown. Row numbers count the data rows of the source from 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd

from retrieval.catalogue import Catalogue
from retrieval.datasets.report import CleaningReport, Sieve
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.shop import ShopData

ITEM_COLUMNS: Final = ("item_id", "title", "category", "brand", "price", "available")

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""No shop of which we read logs recorded anything before: an earlier time is a default or a wrong unit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedShop:
    """What came out of the files, and what had to be left out of it."""

    shop: ShopData
    report: CleaningReport


def clean(name: str, items: Sieve, interactions: Sieve, *, now: datetime, notice: str = "") -> LoadedShop:
    """Sifts both tables and makes a shop of what is left. `now` is the latest possible time of an interaction.

    Raises DatasetError at the first thing that is wrong where a sieve is strict, EmptyCatalogueError where no item is
    left.
    """
    _sift_items(items)
    _sift_interactions(interactions, known=items.rows["item_id"], now=now)
    shop = ShopData(
        name=name, catalogue=Catalogue(_records(items.rows)), log=InteractionLog(interactions.rows), notice=notice
    )
    return LoadedShop(shop=shop, report=CleaningReport.of(items, interactions))


def _sift_items(sieve: Sieve) -> None:
    sieve.drop("no item id", _missing(sieve.rows["item_id"]), "item_id")
    sieve.drop("no title", _missing(sieve.rows["title"]), "item_id")  # before twins: the other one may have a title
    sieve.drop("the item id appears twice", sieve.rows["item_id"].duplicated(), "item_id")
    _sift_numbers(sieve, "price", least=0)


def _sift_interactions(sieve: Sieve, *, known: "pd.Series[str]", now: datetime) -> None:
    sieve.drop("no user id", _missing(sieve.rows["user_id"]), "item_id")
    sieve.drop("no item id", _missing(sieve.rows["item_id"]), "timestamp")
    sieve.drop("no readable timestamp", sieve.rows["timestamp"].isna(), "item_id")
    sieve.drop("a time before 1990", sieve.rows["timestamp"] < pd.Timestamp(EARLIEST), "timestamp")
    sieve.drop("a time in the future", sieve.rows["timestamp"] > pd.Timestamp(now), "timestamp")
    sieve.drop("an item that the catalogue does not hold", ~sieve.rows["item_id"].isin(known), "item_id")
    again = sieve.rows.duplicated(["user_id", "item_id", "timestamp", "kind"])
    sieve.drop("the same user, item, time and kind again", again, "item_id")
    _sift_numbers(sieve, "rating", least=-np.inf)


def _sift_numbers(sieve: Sieve, column: str, *, least: float) -> None:
    number = pd.to_numeric(sieve.rows[column], errors="coerce").astype(float)
    possible = np.isfinite(number) & (number >= least)
    sieve.clear(f"an impossible {column}", ~_missing(sieve.rows[column]) & ~possible, column)
    sieve.rows = sieve.rows.assign(**{column: number.where(possible)})


def _missing(column: "pd.Series[str]") -> "pd.Series[bool]":
    """Null or blank. Looks at each distinct value once: a log names the same ids millions of times."""
    blank = [value for value in column.unique() if isinstance(value, str) and not value.strip()]
    return column.isna() | column.isin(blank)


def _records(rows: pd.DataFrame) -> Iterator[Item]:
    names = [name for name in rows.columns if name not in ITEM_COLUMNS]
    texts = rows[["category", "brand", *names]].astype(object).where(rows[["category", "brand", *names]].notna(), "")
    columns = (rows["item_id"], rows["title"], rows["price"], rows["available"], texts["category"], texts["brand"])
    attributes = texts[names].to_numpy(dtype=object).tolist()
    for item_id, title, price, available, category, brand, values in zip(*columns, attributes, strict=True):
        yield Item(
            item_id=item_id,
            title=title,
            category=category,
            brand=brand,
            price=None if price != price else price,
            attributes={name: value for name, value in zip(names, values, strict=True) if value},
            available=bool(available),
        )
