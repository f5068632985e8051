"""One tiny world for every suite: a grocer with a dozen items and five households.

`oat` and `rolls` are new (nobody bought them), `brie` is not available, and `eva` bought one thing once.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.shop import ShopData

settings.register_profile("shared machines", deadline=None)  # a slow moment is no failure
settings.load_profile("shared machines")

MONDAY = datetime(2024, 1, 1, 9, tzinfo=UTC)

BASKETS = {  # user: the items bought on day 0, on day 1, ...
    "anna": ("milk bread", "butter", "milk coffee", "bread", "milk"),
    "ben": ("milk bread", "cheddar", "bread butter", "coffee"),
    "chloe": ("nappies wipes", "milk", "nappies", "wipes nappies"),
    "dan": ("coffee tea", "biscuits", "tea", "brie tea"),
    "eva": ("nappies",),
}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(
        [
            Item(item_id="milk", title="Whole milk 1 l", category="dairy", brand="Meadow", price=1.2),
            Item(item_id="butter", title="Salted butter 250 g", category="dairy", brand="Meadow", price=2.5),
            Item(item_id="cheddar", title="Mature cheddar cheese", category="dairy", brand="Hill", price=4.0),
            Item(item_id="brie", title="Soft brie cheese", category="dairy", brand="Hill", price=5.0, available=False),
            Item(item_id="bread", title="Brown bread", category="bakery", brand="Oven", price=1.8),
            Item(item_id="rolls", title="Bread rolls, six", category="bakery", brand="Oven", price=1.5),
            Item(item_id="biscuits", title="Ginger biscuits", category="bakery", price=2.0),
            Item(item_id="coffee", title="Ground coffee 500 g", category="drinks", brand="Roast", price=6.0),
            Item(item_id="tea", title="Black tea, 80 bags", category="drinks", brand="Leaf", price=3.0),
            Item(item_id="nappies", title="Baby nappies size 3", category="baby", brand="Soft", price=9.0),
            Item(item_id="wipes", title="Baby wipes", category="baby", brand="Soft", price=2.2),
            Item(item_id="oat", title="Oat milk 1 l", category="dairy", brand="Field", price=2.1),
        ]
    )


@pytest.fixture(scope="session")
def log() -> InteractionLog:
    return InteractionLog.of(
        Interaction(user_id=user_id, item_id=item_id, timestamp=MONDAY + timedelta(days=day))
        for user_id, baskets in BASKETS.items()
        for day, basket in enumerate(baskets)
        for item_id in basket.split()
    )


@pytest.fixture(scope="session")
def crowd(log: InteractionLog) -> InteractionLog:
    """The five households and seven more of each, alike: enough for a blend to learn from and to be checked on."""
    households = [log.history(user_id) for user_id in log.user_ids]
    return InteractionLog.of(
        replace(interaction, user_id=f"{household.user_id}{number or ''}")
        for number in range(8)
        for household in households
        for interaction in household.interactions
    )


@pytest.fixture(scope="session")
def shop(catalogue: Catalogue, log: InteractionLog) -> ShopData:
    return ShopData(name="grocer", catalogue=catalogue, log=log, notice="made up for the tests")
