"""Amazon reviews, from the official raw files of 2014 and 2023: one review or one product a line."""

import ast
import json
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from retrieval.datasets.base import AmazonConfig
from retrieval.datasets.cleaning import LoadedShop, clean
from retrieval.datasets.k_core import select_core
from retrieval.datasets.lines import broken_line, read_lines
from retrieval.datasets.report import Sieve
from retrieval.datasets.times import epochs

NOTICE: Final = (
    "Amazon reviews (McAuley lab, UCSD): published for research, no licence is assigned. "
    "Measure with it, do not ship it."
)
DETAILS: Final = ("Color", "Size", "Material", "Style", "Scent", "Flavor", "Item Form", "Author")
"""Those of a product's many details that a shopper chooses by; they become attributes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """What a release calls its fields."""

    user: str
    item: str
    rating: str
    time: str
    time_unit: Literal["s", "ms"]
    headline: str
    text: str
    brand: str


_LAYOUTS: Final = {
    2014: _Layout(
        user="reviewerID",
        item="asin",
        rating="overall",
        time="unixReviewTime",
        time_unit="s",
        headline="summary",
        text="reviewText",
        brand="brand",
    ),
    2023: _Layout(
        user="user_id",
        item="parent_asin",
        rating="rating",
        time="timestamp",
        time_unit="ms",
        headline="title",
        text="text",
        brand="store",
    ),
}


def load(config: AmazonConfig, now: datetime) -> LoadedShop:
    """Every product of the metadata and every review of one of them, or the k-core of these."""
    layout = _LAYOUTS[config.edition]
    items = Sieve("items", _items(config.metadata, layout), strict=config.strict)
    reviews = Sieve("interactions", _reviews(config.reviews, layout), strict=config.strict)
    loaded = clean(f"amazon-{config.edition}", items, reviews, now=now, notice=NOTICE)
    return loaded if config.k_core is None else select_core(loaded, config.k_core)


def _reviews(path: Path, layout: _Layout) -> pd.DataFrame:
    rows = (_review(path, number, line, layout) for number, line in read_lines(path))
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp", "text"])
    numbers = pd.to_numeric(frame["timestamp"], errors="coerce").astype(float)
    return frame.assign(
        timestamp=epochs(numbers, layout.time_unit),
        kind="rating",
    )


def _review(path: Path, number: int, line: str, layout: _Layout) -> tuple[Any, ...]:
    if not line.startswith("{"):
        fields = line.split(",")
        if len(fields) != 4:
            raise broken_line(path, number, "this is neither a JSON object nor user,item,rating,timestamp")
        return (*fields, "")
    review = _record(path, number, line, required=(layout.user, layout.item, layout.time))
    text = "\n".join(filter(None, (_text(review.get(layout.headline)), _text(review.get(layout.text)))))
    return (review[layout.user], review[layout.item], review.get(layout.rating), review[layout.time], text)


def _items(path: Path, layout: _Layout) -> pd.DataFrame:
    rows = (_item(_record(path, number, line, required=(layout.item,)), layout) for number, line in read_lines(path))
    columns = ["item_id", "title", "category", "brand", "price", "available", "department", *map(str.lower, DETAILS)]
    return pd.DataFrame(rows, columns=columns)


def _item(product: dict[str, Any], layout: _Layout) -> tuple[Any, ...]:
    path = _category_path(product.get("categories"))
    department = _text(product.get("main_category")) or (path[0] if path else "")
    category = path[-1] if path else department
    details = product.get("details")
    return (
        product[layout.item],
        _text(product.get("title")),
        category,
        _text(product.get(layout.brand)),
        product.get("price"),
        True,
        department if department != category else "",
        *(_text(details.get(name)) if isinstance(details, dict) else "" for name in DETAILS),
    )


def _category_path(categories: object) -> list[str]:
    """From broad to narrow: 2014 lists several paths, of which we take the first, 2023 has just one."""
    if not isinstance(categories, list):
        return []
    path = categories[0] if categories and isinstance(categories[0], list) else categories
    return [text for step in path if (text := _text(step))]


def _text(value: object) -> str:
    return unescape(value).strip() if isinstance(value, str) else ""


def _record(path: Path, number: int, line: str, required: tuple[str, ...]) -> dict[str, Any]:
    """One line as a dict: JSON, or the Python literals of 2014, which are parsed and never run."""
    try:
        record = _parsed(line)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as err:
        raise broken_line(path, number, f"this is neither JSON nor a Python literal ({err})") from err
    if not isinstance(record, dict):
        raise broken_line(path, number, "this is not an object with fields")
    if missing := [name for name in required if name not in record]:
        raise broken_line(path, number, f"no {missing} among its fields {sorted(record)}: is the edition right?")
    return record


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return ast.literal_eval(line)
