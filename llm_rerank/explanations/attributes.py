"""Attributes: what the catalogue says of an item beside its title, as a sentence may hold it."""

import re
from dataclasses import dataclass
from typing import Final

from llm_rerank.tokenizer import one_line
from retrieval.records import Item

_LONGEST: Final = 40
"""A longer value is a description and no attribute; it is not read at all."""
_SENTENCES: Final = re.compile(r"[.!?] |[。！？]")
"""What is several sentences is no attribute either: it would speak in our place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A category, a brand, a price, or what else the shop keeps by a name: each one line of visible text."""

    name: str
    value: str

    @property
    def repeats_its_name(self) -> bool:
        """As "store brand" does for a brand, and "manufacturer 7" for a manufacturer."""
        return self.name.casefold() in self.value.casefold()

    @property
    def tells(self) -> bool:
        """Whether the value is worth a sentence: a maker called "manufacturer 7" is not."""
        return self.name == "brand" or not self.repeats_its_name


def attributes_of(item: Item) -> tuple[Attribute, ...]:
    """All of an item, category, brand and price first; what is empty or long is none."""
    price = "" if item.price is None else f"{item.price:.2f}"
    usual = {"category": item.category, "brand": item.brand, "price": price}
    given = [*usual.items(), *((name, value) for name, value in item.attributes.items() if name not in usual)]
    shown = ((one_line(name), one_line(value)) for name, value in given if max(len(name), len(value)) <= _LONGEST)
    return tuple(
        Attribute(name=name, value=value) for name, value in shown if name and value and not _SENTENCES.search(value)
    )


def details_of(item: Item) -> tuple[Attribute, ...]:
    """What its title does not say already."""
    title = item.title.casefold()
    of_item = attributes_of(item)
    return tuple(each for each in of_item if each.tells and each.value.casefold() not in title)


def shared(item: Item, *others: Item) -> tuple[Attribute, ...]:
    """What it has in common with all the others."""
    theirs = [attributes_of(other) for other in others]
    return tuple(own for own in attributes_of(item) if all(own in of_other for of_other in theirs))
