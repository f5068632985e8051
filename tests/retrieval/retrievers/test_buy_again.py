from datetime import UTC, datetime, timedelta

import pytest

from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, InteractionKind, UserHistory
from retrieval.retrievers.base import TasteConfig
from retrieval.retrievers.buy_again import BuyAgainConfig, BuyAgainRetriever

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def took(item_id: str, day: int, kind: InteractionKind = "purchase") -> Interaction:
    return Interaction(user_id="u", item_id=item_id, timestamp=MONDAY + timedelta(days=day), kind=kind)


def test_often_long_ago_can_weigh_more_than_once_today(catalogue: Catalogue) -> None:
    config = BuyAgainConfig(taste=TasteConfig(half_life_days=10, power=1))
    history = UserHistory.of("u", [took("tea", 0), took("tea", 0), took("tea", 0), took("milk", 10), took("tea", 0)])
    found = BuyAgainRetriever(config, catalogue).retrieve(history, 5)
    assert [(candidate.item.item_id, candidate.score) for candidate in found] == [("tea", 2.0), ("milk", 1.0)]


def test_looking_is_not_buying(catalogue: Catalogue) -> None:
    history = UserHistory.of("u", [took("tea", 0, "view"), took("milk", 1)])
    found = BuyAgainRetriever(BuyAgainConfig(), catalogue).retrieve(history, 5)
    assert [candidate.item.item_id for candidate in found] == ["milk"]


def test_what_was_bought_an_age_ago_is_still_proposed(catalogue: Catalogue) -> None:
    config = BuyAgainConfig(taste=TasteConfig(half_life_days=1, power=1))
    found = BuyAgainRetriever(config, catalogue).retrieve(UserHistory.of("u", [took("tea", 0), took("milk", 9_000)]), 5)
    assert found[1].score == pytest.approx(2**-50)
