"""What changed in the catalogue since the shop was built: items added, updated and withdrawn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, delete, select

from retrieval.records import Item
from retrieval.store.database import Database
from retrieval.store.schema import ITEMS
from retrieval.store.storable import require_id, require_text

_AT_ONCE: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemChanges:
    """Items as they are now, in the order of their newest changes; `last` is what to ask for the changes after."""

    items: tuple[Item, ...]
    last: int


class ItemStore:
    """The changed items of all tenants. One that is withdrawn is kept, as not available."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, tenant: str, items: Iterable[Item]) -> None:
        """Adds them, or puts them in the place of what was known under their ids; of one given twice the last counts.

        All or, where it fails, none. Raises RecordError for an id or a text that no database keeps.
        """
        rows = {item.item_id: _row(tenant, item) for item in items}
        if not rows:
            return
        with self._database.writing() as connection:
            # One after the other: a later change must not be seen before an earlier one, which would be passed over.
            self._database.alone(connection, f"items of {tenant}")
            ids = list(rows)
            for start in range(0, len(ids), _AT_ONCE):
                table = ITEMS.c
                some = ids[start : start + _AT_ONCE]
                connection.execute(delete(ITEMS).where(table.tenant == tenant, table.item_id.in_(some)))
            connection.execute(self._database.insert(ITEMS), list(rows.values()))

    def withdraw(self, tenant: str, item: Item) -> Item:
        """What is kept of the item, or else the item, as not available; raises as `put` does."""
        with self._database.writing() as connection:
            self._database.alone(connection, f"items of {tenant}")
            its_own = (ITEMS.c.tenant == tenant, ITEMS.c.item_id == item.item_id)
            kept = connection.execute(select(ITEMS).where(*its_own)).one_or_none()
            gone = replace(item if kept is None else _item(kept), available=False)
            connection.execute(delete(ITEMS).where(*its_own))
            connection.execute(self._database.insert(ITEMS), _row(tenant, gone))
        return gone

    def changes(self, tenant: str, after: int, most: int) -> ItemChanges:
        """What changed after that change, 0 for all, the oldest first."""
        table = ITEMS.c
        wanted = select(ITEMS).where(table.tenant == tenant, table.number > after).order_by(table.number).limit(most)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return ItemChanges(items=tuple(_item(row) for row in rows), last=rows[-1].number if rows else after)


def _row(tenant: str, item: Item) -> dict[str, Any]:
    for name, value in (("tenant", tenant), ("item_id", item.item_id)):
        require_id(name, value)
    attributes = (text for pair in item.attributes.items() for text in pair)
    for text in (item.title, item.category, item.brand, *attributes):
        require_text("item", text)
    return {
        "tenant": tenant,
        "item_id": item.item_id,
        "title": item.title,
        "category": item.category,
        "brand": item.brand,
        "price": item.price,
        "attributes": dict(item.attributes),
        "available": item.available,
    }


def _item(row: "Row[Any]") -> Item:
    return Item(
        item_id=row.item_id,
        title=row.title,
        category=row.category,
        brand=row.brand,
        price=row.price,
        attributes=row.attributes,
        available=row.available,
    )
