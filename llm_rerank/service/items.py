"""The catalogue as it is now, here and in every other service on this database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from logging import getLogger
from threading import Lock
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from retrieval.errors import LlmRerankError
from retrieval.live.shop import LiveShop
from retrieval.records import Item
from retrieval.store.items import ItemStore

_LOOK_SECONDS: Final = 1.0  # how soon it is seen what another service was told
_AT_ONCE: Final = 1000
_CHANGERS: Final = 4  # threads: one embeds for all, and whoever changes nothing needs threads too
_LOG: Final = getLogger(__name__)

Answer = TypeVar("Answer")


class Items:
    """Of one shop. What is kept counts: another service is told by the database."""

    def __init__(self, shop: LiveShop, owner: str, store: ItemStore) -> None:
        self._shop, self._owner, self._store = shop, owner, store
        self._last = 0
        self._late: dict[str, Item] = {}  # whose texts could not be embedded, as they are now
        self._changing = Lock()
        self._changers = CapacityLimiter(_CHANGERS)
        self._said: dict[str, str] = {}
        self.caught_up = False
        """Whether all that was changed before this service started is taken in."""

    async def in_turn(self, change: Callable[[], Answer]) -> Answer:
        """What `put` or `withdraw` comes to, in one of a few threads."""
        return await to_thread.run_sync(change, limiter=self._changers)

    def put(self, items: Sequence[Item]) -> int:
        """Keeps them; they count from the next answer on. Says how many were new.

        Raises RecordError for what the database cannot keep, and ModelError and MissingExtraError where their texts
        cannot be embedded; nothing has changed then. StoreError where the database does not answer: they may be kept
        all the same, and to put them again does no harm.
        """
        self._shop.read(items)
        new = sum(item_id not in self._shop.catalogue for item_id in {item.item_id for item in items})
        self._store.put(self._owner, items)
        self.catch_up()
        return new

    def withdraw(self, item_id: str) -> Item:
        """The item as it is now, which is not to be recommended; raises UnknownItemError, and StoreError as `put`."""
        self.catch_up()
        known = self._late.get(item_id) or self._shop.catalogue[item_id]
        gone = self._store.withdraw(self._owner, known)
        self.catch_up()
        return gone

    def catch_up(self) -> None:
        """Takes in what was changed, here or elsewhere; raises StoreError, and goes on from there.

        An item whose text cannot be embedded keeps the text that it had, or is missing where it is new, and is tried
        again; what is sold no more is not sold, whatever cannot be embedded.
        """
        with self._changing:
            while (changes := self._store.changes(self._owner, self._last, _AT_ONCE)).items:
                self._take_in(changes.items)
                self._last = changes.last
            self._take_in_late()
        self.caught_up = True

    async def follow(self) -> None:
        """Catches up now and then, for as long as it is awaited. Answers do not wait for it: what is sold stays what it
        was where it fails.
        """
        while True:
            failed: Exception | None = None
            try:
                await asyncio.to_thread(self.catch_up)
            except Exception as err:  # were one let through, nobody would follow any more
                failed = err
            self._say("changes of items are not taken in", failed)
            await asyncio.sleep(_LOOK_SECONDS)

    def _take_in(self, items: Sequence[Item]) -> None:
        for item in items:
            self._late.pop(item.item_id, None)
        try:
            self._shop.change(items)
        except Exception:  # whatever a model stumbles over, and over whichever of them
            known = [item for item in items if item.item_id in self._shop.catalogue]
            self._shop.change([self._as_far_as_read(item) for item in known])
            self._late |= {item.item_id: item for item in items if not self._is_read(item)}

    def _take_in_late(self) -> None:
        """One after the other; one that fails goes behind the others, which come next time."""
        read, failed = list[Item](), None
        for item in tuple(self._late.values()):
            try:
                self._shop.read([item])
            except Exception as err:
                self._late[item.item_id], failed = self._late.pop(item.item_id), err
                break
            read.append(item)
        if read:
            self._shop.change(read)
            for item in read:
                del self._late[item.item_id]
        self._say("items whose texts cannot be embedded are missing, or shown as they were", failed)

    def _is_read(self, item: Item) -> bool:
        return item.item_id in self._shop.catalogue and self._shop.catalogue[item.item_id].text == item.text

    def _as_far_as_read(self, item: Item) -> Item:
        """Of an item that is known."""
        if self._is_read(item):
            return item
        return replace(self._shop.catalogue[item.item_id], price=item.price, available=item.available)

    def _say(self, what: str, why: Exception | None) -> None:
        """Once, until it is otherwise; not what others than we say, which may be somebody's text."""
        said = "" if why is None else str(why) if isinstance(why, LlmRerankError) else type(why).__name__
        if said and said != self._said.get(what):
            _LOG.error("%s: %s", what, said)
        self._said[what] = said
