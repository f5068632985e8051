"""The nouns of floor 1: what a shop sells, what its users did, and what a retriever proposes."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, get_args

from retrieval.errors import RecordError

InteractionKind = Literal["view", "purchase", "rating", "search"]
INTERACTION_KINDS: tuple[InteractionKind, ...] = get_args(InteractionKind)

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A thing in the catalogue. `price` is in the shop's currency, None where unknown."""

    item_id: str
    title: str
    category: str = ""
    brand: str = ""
    price: float | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES, hash=False)
    available: bool = True

    def __post_init__(self) -> None:
        _require_id("item_id", self.item_id)
        if not self.title.strip():
            raise RecordError(
                "an item needs a title", field="title", value=self.title, remedy="Give it one or drop it."
            )
        if self.price is not None and not (math.isfinite(self.price) and self.price >= 0):
            raise RecordError(
                "a price is a finite number >= 0", field="price", value=self.price, remedy="Use None where unknown."
            )

    @property
    def text(self) -> str:
        """What an embedder reads: the title, then whatever the title does not already say."""
        extra = [
            part for part in (self.brand, self.category, *self.attributes.values()) if part and part not in self.title
        ]
        return ", ".join([self.title, *extra])


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One thing a user did to one item. `timestamp` is timezone-aware; `rating` is on the shop's own scale."""

    user_id: str
    item_id: str
    timestamp: datetime
    kind: InteractionKind = "purchase"
    rating: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        _require_id("user_id", self.user_id)
        _require_id("item_id", self.item_id)
        if self.timestamp.tzinfo is None:
            raise RecordError(
                "a timestamp needs a time zone",
                field="timestamp",
                value=self.timestamp,
                remedy="Use datetime(..., tzinfo=UTC).",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class UserHistory:
    """What one user did, oldest first. Empty for a user we know nothing about."""

    user_id: str
    interactions: tuple[Interaction, ...] = ()

    def __post_init__(self) -> None:
        _require_id("user_id", self.user_id)
        times = [interaction.timestamp for interaction in self.interactions]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise RecordError(
                "a history is sorted oldest first",
                field="interactions",
                value=self.user_id,
                remedy="Sort by timestamp, or build it with UserHistory.of.",
            )

    @classmethod
    def of(cls, user_id: str, interactions: "tuple[Interaction, ...] | list[Interaction]") -> "UserHistory":
        """A history from interactions in any order; ties keep the order given."""
        return cls(user_id=user_id, interactions=tuple(sorted(interactions, key=lambda i: i.timestamp)))

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Distinct items, by their latest interaction, oldest first."""
        latest = dict.fromkeys(interaction.item_id for interaction in reversed(self.interactions))
        return tuple(reversed(latest))

    def only(self, item_ids: Collection[str]) -> "UserHistory":
        """The same history as if the user had touched nothing but `item_ids`: what an ablation scores."""
        kept = tuple(interaction for interaction in self.interactions if interaction.item_id in item_ids)
        return UserHistory(user_id=self.user_id, interactions=kept)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceScore:
    """What one retriever said of a candidate: its own score (its own scale) and its own rank, from 1."""

    source: str
    score: float
    rank: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What a retriever proposes. `rank` counts from 1; a hybrid keeps what each source said in `sources`."""

    item: Item
    score: float
    source: str
    rank: int
    sources: tuple[SourceScore, ...] = ()


def _require_id(name: str, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise RecordError("an id is a non-empty string", field=name, value=value, remedy="Pass str(id).")
