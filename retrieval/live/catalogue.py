"""A catalogue that changes: whoever holds it sees what is sold now."""

from collections.abc import Sequence

from retrieval.catalogue import Catalogue
from retrieval.records import Item


class LiveCatalogue(Catalogue):
    """Every item keeps its position for good; new ones come behind."""

    def change(self, items: Sequence[Item]) -> None:
        """Adds items, or puts them in the place of those of the same id; one caller at a time."""
        now, position = list(self._items), dict(self._position)
        for item in items:
            if (place := position.setdefault(item.item_id, len(now))) < len(now):
                now[place] = item
            else:
                now.append(item)
        # Readers do not wait: what a position was looked up for must be there first.
        self._items = tuple(now)
        self._position = position
        for computed in ("unavailable", "sorted_prices", "fingerprint"):
            self.__dict__.pop(computed, None)
