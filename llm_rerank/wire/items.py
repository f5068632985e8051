"""Items of the catalogue: added, changed, withdrawn."""

from typing import Annotated

from pydantic import Field

from llm_rerank.wire.base import Answered, Id, Sent, Text


class ItemIn(Sent):
    """A thing that is sold, as it is from now on: it takes the place of what was known under its id."""

    item_id: Id
    title: Text = Field(min_length=1)
    category: Text = ""
    brand: Text = ""
    price: float | None = Field(default=None, strict=True, ge=0, allow_inf_nan=False)
    """In the shop's currency."""
    attributes: dict[Annotated[str, Field(max_length=10_000)], Text] = Field(default_factory=dict, max_length=100)
    available: bool = Field(default=True, strict=True)
    """Whether it may be recommended."""


class ItemsIn(Sent):
    """A batch: all of it counts, or none."""

    items: list[ItemIn]


class ItemsOut(Answered):
    """What came of it."""

    accepted: int
    added: int
    """Of them, that were not known."""


class ItemOut(Answered):
    """A thing that is sold."""

    item_id: str
    title: str
    category: str
    brand: str
    price: float | None
    attributes: dict[str, str]
    available: bool


class FoundItemsOut(Answered):
    """Items that were looked for by title."""

    items: list[ItemOut]
    """Those on sale before those that are not, and shorter titles before longer ones."""
