"""What a history says about its user, as facts that can be recomputed: nothing in it is a guess."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, UserHistory

FAVOURITES: Final = 3

PriceBand = Literal["low", "middle", "high"]
"""The lower, middle and upper third of the catalogue's prices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Favourite:
    """A category or brand, and the share (0 to 1) of the user's interactions that went to it."""

    name: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceLevel:
    """The median price of what the user took, in the shop's currency, and where that lies in the catalogue."""

    median: float
    quantile: float
    """Share (0 to 1) of the catalogue's priced items that cost less, equals counted half."""

    band: PriceBand


@dataclass(frozen=True, kw_only=True, slots=True)
class UserProfile:
    """Facts computed from a history; items that are not in the catalogue are left out of all of them."""

    user_id: str
    interactions: int
    distinct_items: int
    active_days: float
    """Days from the first interaction to the last."""

    days_between_baskets: float | None
    """Median days from one basket to the next, a basket being what shares one moment; None under two baskets."""

    price_level: PriceLevel | None
    """None where nothing the user took has a price."""

    favourite_categories: tuple[Favourite, ...]
    favourite_brands: tuple[Favourite, ...]
    """At most three each, most frequent first; equals by name."""

    weekdays: tuple[float, ...]
    """Share of the interactions on each day of the week, Monday first: seven numbers, all 0 without a history."""

    hours: tuple[float, ...]
    """Share of the interactions in each hour of the day: 24 numbers."""

    repeat_rate: float
    """Share (0 to 1) of the interactions with an item the user had already taken before."""

    @classmethod
    def of(cls, history: UserHistory, catalogue: Catalogue) -> "UserProfile":
        """The profile of a history; an empty one gives zeros and Nones. Days and hours are the log's own zone's."""
        known = [interaction for interaction in history.interactions if interaction.item_id in catalogue]
        items = [catalogue[interaction.item_id] for interaction in known]
        distinct = len({item.item_id for item in items})
        times = [interaction.timestamp for interaction in known]
        return cls(
            user_id=history.user_id,
            interactions=len(known),
            distinct_items=distinct,
            active_days=_days(known[-1].timestamp - known[0].timestamp) if known else 0.0,
            days_between_baskets=_days_between_baskets(known),
            price_level=_price_level([item.price for item in items if item.price is not None], catalogue),
            favourite_categories=_favourites(item.category for item in items),
            favourite_brands=_favourites(item.brand for item in items),
            weekdays=_shares([time.weekday() for time in times], 7),
            hours=_shares([time.hour for time in times], 24),
            repeat_rate=1 - distinct / len(known) if known else 0.0,
        )


def _days(time: timedelta) -> float:
    return time / timedelta(days=1)


def _days_between_baskets(interactions: Sequence[Interaction]) -> float | None:
    baskets = sorted({interaction.timestamp for interaction in interactions})
    return median(_days(later - earlier) for earlier, later in pairwise(baskets)) if len(baskets) > 1 else None


def _price_level(prices: Sequence[float], catalogue: Catalogue) -> PriceLevel | None:
    if not prices:
        return None
    level = median(prices)
    all_prices = catalogue.sorted_prices
    quantile = (bisect_left(all_prices, level) + bisect_right(all_prices, level)) / 2 / len(all_prices)
    band: PriceBand = "low" if quantile < 1 / 3 else "high" if quantile > 2 / 3 else "middle"
    return PriceLevel(median=level, quantile=quantile, band=band)


def _favourites(names: Iterable[str]) -> tuple[Favourite, ...]:
    counts = Counter(names)
    total = counts.total()
    best = sorted(((name, count) for name, count in counts.items() if name), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Favourite(name=name, share=count / total) for name, count in best[:FAVOURITES])


def _shares(slots: Sequence[int], size: int) -> tuple[float, ...]:
    counts = Counter(slots)
    return tuple(counts[slot] / max(len(slots), 1) for slot in range(size))
