"""A made-up shop: the same items, history and candidates wherever the seed is the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from llm_rerank.reranker import Query
from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, Item, UserHistory

LONGEST_HISTORY: Final = 100
MOST_CANDIDATES: Final = 1_000
_WORDS: Final = """organic classic deluxe mini family travel gentle daily fresh roasted crunchy smooth hydrating
    matte waterproof cordless stainless bamboo cotton leather vintage wireless rechargeable compact foldable coffee tea
    shampoo conditioner lipstick mascara cleanser moisturiser backpack lantern kettle skillet notebook keyboard puzzle
    blanket candle granola yoghurt pasta sauce detergent sponge towel brush razor perfume lotion serum headphones
    with for and vanilla lavender citrus almond charcoal coconut 250ml 500g 12-pack Northfield Alder Brightwell Kestrel
    Marlowe Osprey Juniper""".split()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One point of the grid: so many candidates behind a history of so many items."""

    k: int
    history: int


class World:
    """The shop. The first items are what its user bought, the others what is proposed."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        count = LONGEST_HISTORY + MOST_CANDIDATES
        self.catalogue = Catalogue(Item(item_id=f"i{number}", title=self._title()) for number in range(count))

    def query(self, cell: Cell) -> Query:
        """The user with the newest `cell.history` purchases, and the first `cell.k` candidates."""
        first = LONGEST_HISTORY - cell.history
        bought = [_purchase(self.catalogue.at(row), row) for row in range(first, LONGEST_HISTORY)]
        candidates = range(LONGEST_HISTORY, LONGEST_HISTORY + cell.k)
        return Query(history=UserHistory.of("user", bought), items=tuple(self.catalogue.at(row) for row in candidates))

    def _title(self) -> str:
        """4 to 12 words, as shops write titles."""
        words = self._random.choice(_WORDS, size=self._random.integers(4, 13))
        return " ".join(str(word) for word in words)


def _purchase(item: Item, day: int) -> Interaction:
    return Interaction(
        user_id="user", item_id=item.item_id, timestamp=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)
    )
