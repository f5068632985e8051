"""The catalogue: every item of the shop, by id and by position."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256

from retrieval.errors import EmptyCatalogueError, RecordError, UnknownItemError
from retrieval.records import Item


class Catalogue:
    """All items in a fixed order; position i is row i of every matrix built from it."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = tuple(items)
        self._position = {item.item_id: position for position, item in enumerate(self._items)}
        if not self._items:
            raise EmptyCatalogueError(
                "the catalogue is empty",
                field="items",
                value=(),
                remedy="Load at least one item with an id and a title.",
            )
        if len(self._position) != len(self._items):
            raise RecordError(
                "two items share an id",
                field="item_id",
                value=_first_duplicate(self._items),
                remedy="Keep one of them: ids are unique.",
            )

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._position

    def __getitem__(self, item_id: str) -> Item:
        return self._items[self.position(item_id)]

    def at(self, position: int) -> Item:
        """The item in this row."""
        return self._items[position]

    def position(self, item_id: str) -> int:
        """The row of an item; raises UnknownItemError for an id the catalogue does not hold."""
        try:
            return self._position[item_id]
        except KeyError:
            raise UnknownItemError(
                "the catalogue holds no such item",
                field="item_id",
                value=item_id,
                remedy="Add the item to the catalogue and build again, or leave it out.",
            ) from None

    @cached_property
    def unavailable(self) -> frozenset[str]:
        """Ids that must not be recommended now."""
        return frozenset(item.item_id for item in self._items if not item.available)

    @cached_property
    def sorted_prices(self) -> tuple[float, ...]:
        """Every known price, lowest first: what a price is cheap or dear against."""
        return tuple(sorted(item.price for item in self._items if item.price is not None))

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any field of any item; names what a build was made from."""
        digest = sha256()
        for item in self._items:
            fields = (item.item_id, item.text, item.title, item.category, item.brand, item.price, item.available)
            digest.update(f"{fields}{sorted(item.attributes.items())}".encode())
        return digest.hexdigest()[:16]


def _first_duplicate(items: tuple[Item, ...]) -> str:
    seen: set[str] = set()
    for item in items:
        if item.item_id in seen:
            return item.item_id
        seen.add(item.item_id)
    raise AssertionError("called without a duplicate")
