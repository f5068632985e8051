from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from retrieval.catalogue import Catalogue
from retrieval.profile import Favourite, UserProfile
from retrieval.records import Interaction, Item, UserHistory

CATALOGUE = Catalogue(
    [
        Item(item_id="tea", title="Tea", category="Drinks", brand="Ahmad", price=4.0),
        Item(item_id="milk", title="Milk", category="Dairy", brand="Farm", price=1.0),
        Item(item_id="cheese", title="Cheese", category="Dairy", brand="Farm", price=8.0),
        Item(item_id="salt", title="Salt", category="Spices"),
        Item(item_id="butter", title="Butter", category="Dairy", price=3.0),
    ]
)


def history(*events: tuple[str, int, int]) -> UserHistory:
    """Item, day of January 2024 (the 1st was a Monday), hour."""
    interactions = [
        Interaction(user_id="u", item_id=item, timestamp=datetime(2024, 1, day, hour, tzinfo=UTC))
        for item, day, hour in events
    ]
    return UserHistory.of("u", interactions)


def test_activity_counts_interactions_items_and_days() -> None:
    profile = UserProfile.of(history(("milk", 1, 9), ("tea", 1, 9), ("milk", 4, 21)), CATALOGUE)
    assert (profile.interactions, profile.distinct_items, profile.active_days) == (3, 2, 3.5)


def test_frequency_is_the_median_gap_between_baskets() -> None:
    profile = UserProfile.of(history(("milk", 1, 9), ("tea", 1, 9), ("milk", 3, 9), ("milk", 10, 9)), CATALOGUE)
    assert profile.days_between_baskets == 4.5  # gaps of 2 and 7 days


def test_one_basket_has_no_frequency() -> None:
    assert UserProfile.of(history(("milk", 1, 9), ("tea", 1, 9)), CATALOGUE).days_between_baskets is None


@pytest.mark.parametrize(
    ("item", "quantile", "band"),
    [("milk", 0.125, "low"), ("butter", 0.375, "middle"), ("tea", 0.625, "middle"), ("cheese", 0.875, "high")],
)
def test_price_level_is_the_place_among_the_catalogues_four_prices(item: str, quantile: float, band: str) -> None:
    level = UserProfile.of(history((item, 1, 9)), CATALOGUE).price_level
    assert level is not None
    assert (level.median, level.quantile, level.band) == (CATALOGUE[item].price, quantile, band)


def test_without_prices_there_is_no_price_level() -> None:
    assert UserProfile.of(history(("salt", 1, 9)), CATALOGUE).price_level is None


def test_favourites_come_with_their_share_and_skip_what_has_no_name() -> None:
    profile = UserProfile.of(history(("milk", 1, 9), ("cheese", 1, 9), ("tea", 1, 9), ("butter", 1, 9)), CATALOGUE)
    assert profile.favourite_categories == (Favourite(name="Dairy", share=0.75), Favourite(name="Drinks", share=0.25))
    assert profile.favourite_brands == (Favourite(name="Farm", share=0.5), Favourite(name="Ahmad", share=0.25))


def test_habits_are_shares_by_weekday_and_hour() -> None:
    profile = UserProfile.of(history(("milk", 1, 9), ("milk", 8, 9), ("tea", 7, 21)), CATALOGUE)
    assert profile.weekdays == pytest.approx((2 / 3, 0, 0, 0, 0, 0, 1 / 3))
    assert profile.hours[9] == pytest.approx(2 / 3)
    assert sum(profile.hours) == pytest.approx(1)


def test_habits_are_told_by_the_shops_clock() -> None:
    there = datetime(2024, 1, 1, 2, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    taken = Interaction(user_id="u", item_id="milk", timestamp=there)
    profile = UserProfile.of(UserHistory.of("u", [taken]), CATALOGUE)
    assert profile.hours[21] == profile.weekdays[6] == 1  # 2 o'clock on Monday is 21 o'clock on Sunday there


def test_repeat_rate_is_the_share_of_interactions_with_something_taken_before() -> None:
    events = ("milk", 1, 9), ("milk", 2, 9), ("milk", 3, 9), ("tea", 3, 9)
    assert UserProfile.of(history(*events), CATALOGUE).repeat_rate == 0.5


def test_items_that_are_not_in_the_catalogue_are_left_out() -> None:
    known = history(("milk", 2, 9))
    assert UserProfile.of(history(("gone", 1, 9), ("milk", 2, 9)), CATALOGUE) == UserProfile.of(known, CATALOGUE)


def test_an_empty_history_has_a_profile() -> None:
    profile = UserProfile.of(UserHistory(user_id="u"), CATALOGUE)
    assert (profile.interactions, profile.repeat_rate, profile.active_days) == (0, 0.0, 0.0)
    assert profile.weekdays == (0.0,) * 7
    assert profile.price_level is None
    assert profile.days_between_baskets is None
