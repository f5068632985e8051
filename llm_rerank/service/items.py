"""The catalogue as it is now, here and in every other service on this database."""

import asyncio
from collections.abc import Sequence
from logging import getLogger
from threading import Lock
from typing import Final

from retrieval.errors import LlmRerankError
from retrieval.live.shop import LiveShop
from retrieval.records import Item
from retrieval.store.items import ItemStore

_LOOK_SECONDS: Final = 1.0  # how soon it is seen what another service was told
_AT_ONCE: Final = 1000
_LOG: Final = getLogger(__name__)


class Items:
    """Of one shop. What is kept counts: another service is told by the database."""

    def __init__(self, shop: LiveShop, owner: str, store: ItemStore) -> None:
        self._shop, self._owner, self._store = shop, owner, store
        self._last = 0
        self._changing = Lock()

    def put(self, items: Sequence[Item]) -> int:
        """Keeps them; they count from the next answer on. Says how many were new.

        Raises StoreError where the database does not answer, RecordError for what it cannot keep, and ModelError where
        their texts cannot be embedded; nothing has changed then.
        """
        self._shop.read(items)
        new = sum(item_id not in self._shop.catalogue for item_id in {item.item_id for item in items})
        self._store.put(self._owner, items)
        self.catch_up()
        return new

    def withdraw(self, item_id: str) -> Item:
        """The item as it is now, which is not to be recommended; raises UnknownItemError, and as `put` does."""
        self.catch_up()
        gone = self._store.withdraw(self._owner, self._shop.catalogue[item_id])
        self.catch_up()
        return gone

    def catch_up(self) -> None:
        """Takes in what was changed, here or elsewhere; raises StoreError and ModelError, and goes on from there."""
        with self._changing:
            while (changes := self._store.changes(self._owner, self._last, _AT_ONCE)).items:
                self._shop.change(changes.items)
                self._last = changes.last

    async def follow(self) -> None:
        """Catches up now and then, for as long as it is awaited. Answers do not wait for it: what is sold stays what it
        was where it fails.
        """
        said = ""
        while True:
            try:
                await asyncio.to_thread(self.catch_up)
                said = ""
            except LlmRerankError as err:
                if said != (said := str(err)):
                    _LOG.error("changes of items are not taken in: %s", err)
            await asyncio.sleep(_LOOK_SECONDS)
