"""The catalogue as it is now, here and in every other service on this database."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from time import monotonic
from typing import Final

from retrieval.live.shop import LiveShop
from retrieval.records import Item
from retrieval.store.items import ItemStore

_LOOK_SECONDS: Final = 1.0  # how soon it is seen what another service was told
_AT_ONCE: Final = 1000


class Items:
    """Of one shop. What is kept counts: another service is told by the database."""

    def __init__(self, shop: LiveShop, owner: str, store: ItemStore) -> None:
        self._shop, self._owner, self._store = shop, owner, store
        self._last = 0
        self._looked = float("-inf")
        self._changing = Lock()

    def put(self, items: Sequence[Item]) -> int:
        """Keeps them; they count from the next answer on. Says how many were new.

        Raises StoreError where the database does not answer, and RecordError for what it cannot keep; nothing has
        changed then.
        """
        new = sum(item_id not in self._shop.catalogue for item_id in {item.item_id for item in items})
        self._store.put(self._owner, items)
        with self._changing:
            self._catch_up()
        return new

    def withdraw(self, item_id: str) -> Item:
        """The item as it is now, which is not to be recommended; raises UnknownItemError, and as `put` does."""
        with self._changing:
            self._catch_up()  # it takes back nothing that another service was told
            gone = replace(self._shop.catalogue[item_id], available=False)
            self._store.put(self._owner, [gone])
            self._catch_up()
        return gone

    def look(self) -> None:
        """Sees what other services were told, now and then; raises StoreError where the database does not answer."""
        if monotonic() - self._looked < _LOOK_SECONDS or not self._changing.acquire(blocking=False):
            return
        try:
            self._catch_up()
        finally:
            self._changing.release()

    def _catch_up(self) -> None:
        self._looked = monotonic()
        while (changes := self._store.changes(self._owner, self._last, _AT_ONCE)).items:
            self._shop.change(changes.items)
            self._last = changes.last
