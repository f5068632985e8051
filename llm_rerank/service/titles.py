"""The titles of what is sold, by which items are looked for."""

from functools import lru_cache
from heapq import nsmallest

from retrieval.catalogue import Catalogue
from retrieval.live.shop import LiveShop
from retrieval.records import Item


class Titles:
    """Of one shop. They are folded once for each state of its catalogue, not for each that looks."""

    def __init__(self, shop: LiveShop) -> None:
        self._shop = shop
        self._folded = lru_cache(maxsize=1)(_folded)  # a state is never equal to another one

    def find(self, query: str, most: int) -> list[Item]:
        """Items whose titles hold all words of the query, or words that hold these; capitals do not count."""
        words = query.casefold().split()
        found = (item for title, item in self._folded(self._shop.now) if all(word in title for word in words))
        return nsmallest(most, found, key=lambda item: (not item.available, len(item.title)))


def _folded(catalogue: Catalogue) -> tuple[tuple[str, Item], ...]:
    return tuple((item.title.casefold(), item) for item in catalogue)
