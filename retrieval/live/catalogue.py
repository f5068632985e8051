"""A catalogue that changes: whoever holds it sees what is sold now."""

from collections.abc import Sequence

from retrieval.catalogue import Catalogue
from retrieval.records import Item


class LiveCatalogue(Catalogue):
    """Every item keeps its position for good; new ones come behind."""

    def __init__(self, built: Catalogue) -> None:
        self._show(built)

    def change(self, items: Sequence[Item]) -> None:
        """Adds items, or puts them in the place of those of the same id; one caller at a time."""
        now = list(self._items)
        position = dict(self._position)
        for item in items:
            if (place := position.setdefault(item.item_id, len(now))) < len(now):
                now[place] = item
            else:
                now.append(item)
        self._show(Catalogue(now))

    def _show(self, now: Catalogue) -> None:
        # Readers do not wait: what a position was looked up for must be there first.
        self._items = now._items
        self._position = now._position
        self._now = now

    @property
    def now(self) -> Catalogue:
        """Its state of this moment, which stays as it is: a change shows another one."""
        return self._now

    @property
    def unavailable(self) -> frozenset[str]:  # computed once for each state, as there
        """See Catalogue."""
        return self._now.unavailable

    @property
    def sorted_prices(self) -> tuple[float, ...]:
        """See Catalogue."""
        return self._now.sorted_prices

    @property
    def fingerprint(self) -> str:
        """See Catalogue."""
        return self._now.fingerprint
