"""Amazon Reviews 2023 as lists: four past reviews, the item that was reviewed next, and others of its category.

For measuring only: nothing of it may stand in what is published but figures.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, Final

import numpy as np

from eval.reasons.records import Asked
from retrieval.catalogue import Catalogue
from retrieval.datasets.amazon import NOTICE
from retrieval.datasets.lines import read_lines
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory
from retrieval.shop import ShopData

FILE: Final = "users30_per_category.training.jsonl.gz"
CANDIDATES: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviewed:
    """One list, and what the user wrote of the held-out item."""

    asked: Asked
    category: str
    review: str
    stars: float

    @property
    def held_out(self) -> str:
        """What the user really took."""
        return (self.asked.item_ids or ())[0]


def read_amazon(folder: Path, *, count: int, seed: int = 0) -> tuple[ShopData, list[Reviewed]]:
    """All titled items that somebody reviewed, and by chance `count` of the lists whose held-out item is one of them.

    Raises DatasetError for a file that is missing or damaged.
    """
    rows = [json.loads(line) for _, line in read_lines(folder / FILE)]
    items = {item.item_id: item for row in rows for review in _reviews(row) if (item := _item(review)) is not None}
    users = {user: f"reader {n}" for n, user in enumerate(dict.fromkeys(row["user_id"] for row in rows))}
    pools: dict[str, dict[str, None]] = {}
    for row in rows:
        pool = pools.setdefault(row["category"], {})
        pool |= dict.fromkeys(review["parent_asin"] for review in _reviews(row) if review["parent_asin"] in items)
    lists = [
        _list(number, row, users[row["user_id"]], items, list(pools[row["category"]]), seed)
        for number, row in enumerate(rows)
        if row["heldout"]["parent_asin"] in items
    ]
    chosen = [lists[place] for place in np.random.default_rng(seed).permutation(len(lists))[:count]]
    log = InteractionLog.of(interaction for one in lists for interaction in one.asked.history.interactions)
    return ShopData(name="amazon-2023", catalogue=Catalogue(items.values()), log=log, notice=NOTICE), chosen


def _list(number: int, row: dict[str, Any], user: str, items: dict[str, Item], pool: list[str], seed: int) -> Reviewed:
    """The candidates are drawn among what others of the category reviewed."""
    history = UserHistory.of(
        f"list {number}", [_interaction(number, past) for past in row["history"] if past["parent_asin"] in items]
    )
    held_out = row["heldout"]["parent_asin"]
    seen = {held_out, *history.item_ids}
    others = [item_id for item_id in pool if item_id not in seen]
    drawn = np.random.default_rng([seed, number]).choice(others, CANDIDATES - 1, replace=False)
    return Reviewed(
        asked=Asked(user=user, history=history, item_ids=(held_out, *drawn.tolist())),
        category=row["category"],
        review=f"{row['heldout']['review_title']}\n{row['heldout']['review_full']}",
        stars=row["heldout"]["rating"],
    )


def _reviews(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [*row["history"], row["heldout"]]


def _item(review: dict[str, Any]) -> Item | None:
    """None for a product without a title: there is nothing to call it."""
    product = review["product"]
    title = unescape(product["title"] or "").strip()
    category = unescape(product["main_category"] or "")
    if not title:
        return None
    return Item(item_id=review["parent_asin"], title=title, category=category, price=product["price"])


def _interaction(number: int, past: dict[str, Any]) -> Interaction:
    return Interaction(
        user_id=f"list {number}",
        item_id=past["parent_asin"],
        timestamp=datetime.fromtimestamp(past["timestamp_ms"] / 1000, tz=UTC),
        kind="rating",
        rating=past["rating"],
    )
