from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from retrieval.datasets.times import TimeUnit, epochs, read_times
from retrieval.errors import DatasetError

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str | None, unit: TimeUnit | None = None, zone: ZoneInfo = UTC) -> str:
    (time,) = read_times(pd.Series([text], name="bought_at", dtype=object), unit, zone)
    return str(time)


@pytest.mark.parametrize(
    ("text", "zone", "time"),
    [
        ("2024-05-01T10:30:00Z", BERLIN, "2024-05-01 10:30:00+00:00"),
        ("2024-05-01 10:30:00+02:00", UTC, "2024-05-01 08:30:00+00:00"),
        ("2024-05-01 10:30", UTC, "2024-05-01 10:30:00+00:00"),
        ("2024-05-01 10:30", BERLIN, "2024-05-01 08:30:00+00:00"),
        ("2024-05-01", BERLIN, "2024-04-30 22:00:00+00:00"),
        ("2024-10-27 02:30", BERLIN, "2024-10-27 01:30:00+00:00"),  # the clocks show this hour twice
        ("2024-03-31 02:30", BERLIN, "2024-03-31 01:00:00+00:00"),  # and this hour never
    ],
)
def test_text_is_iso_8601_in_the_shops_zone_where_it_names_none(text: str, zone: ZoneInfo, time: str) -> None:
    assert read(text, zone=zone) == time


@pytest.mark.parametrize(("number", "unit"), [("1714559400", "s"), ("1714559400000", "ms"), ("1714559400000000", "us")])
def test_numbers_count_from_1970_in_their_unit(number: str, unit: TimeUnit) -> None:
    assert read(number, unit, BERLIN) == "2024-05-01 10:30:00+00:00"


@pytest.mark.parametrize("unit", [None, "s"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_no_time(text: str | None, unit: TimeUnit | None) -> None:
    assert read(text, unit) == "NaT"


@pytest.mark.parametrize(("text", "unit"), [("yesterday", None), ("1714559400", None), ("2024-05-01", "s")])
def test_a_text_that_is_no_time_is_named_with_its_column_and_row(text: str, unit: TimeUnit | None) -> None:
    with pytest.raises(DatasetError, match=rf"bought_at='{text}': not one of 1 times .* first row 1.*time_unit"):
        read(text, unit)


def test_times_without_a_zone_are_the_shops() -> None:
    (time,) = read_times(pd.Series([datetime(2024, 5, 1, 10, 30)]), None, BERLIN)
    assert str(time) == "2024-05-01 08:30:00+00:00"


def test_times_with_a_zone_are_only_moved_to_utc() -> None:
    (time,) = read_times(pd.Series([datetime(2024, 5, 1, 10, 30, tzinfo=BERLIN)]), None, UTC)
    assert str(time) == "2024-05-01 08:30:00+00:00"


def test_numbers_beyond_all_calendars_become_far_times() -> None:
    far = epochs(pd.Series([1e300, float("-inf"), float("nan")]), "ns")
    assert [time.year for time in far[:2]] == [2255, 1684]
    assert far.isna()[2]


def test_one_unreadable_time_among_others_is_left_out_rather_than_refused() -> None:
    times = read_times(pd.Series(["2024-05-01T10:30:00Z", "yesterday"], name="bought_at"), None, UTC)
    assert times.isna().tolist() == [False, True]
