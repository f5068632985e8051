from datetime import UTC, datetime

import pandas as pd
import pytest
from rich.console import Console

from retrieval.datasets.cleaning import LoadedShop, clean
from retrieval.datasets.report import Finding, Sieve
from retrieval.errors import DatasetError, EmptyCatalogueError

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def items(**columns: list[object]) -> pd.DataFrame:
    size = len(next(iter(columns.values()), []))
    usual = {"item_id": [f"i{n}" for n in range(size)], "title": ["Milk"] * size, "price": [1.0] * size}
    plain = {"category": ["Dairy"] * size, "brand": [None] * size, "available": [True] * size}
    return pd.DataFrame({**usual, **plain, **columns})


def interactions(**columns: list[object]) -> pd.DataFrame:
    size = len(next(iter(columns.values()), []))
    times = pd.to_datetime(["2024-05-01"] * size, utc=True)
    usual = {"user_id": [f"u{n}" for n in range(size)], "item_id": ["i0"] * size, "timestamp": times}
    plain = {"kind": ["purchase"] * size, "rating": [None] * size, "text": [""] * size}
    return pd.DataFrame({**usual, **plain, **columns})


def cleaned(
    raw_items: pd.DataFrame | None = None, raw_interactions: pd.DataFrame | None = None, strict: bool = False
) -> LoadedShop:
    sold = Sieve("items", items(title=["Milk"]) if raw_items is None else raw_items, strict=strict)
    done = Sieve(
        "interactions", interactions(user_id=["u"]) if raw_interactions is None else raw_interactions, strict=strict
    )
    return clean("shop", sold, done, now=NOW)


def only_finding(loaded: LoadedShop) -> Finding:
    (finding,) = loaded.report.findings
    return finding


def times(*texts: str | None) -> list[object]:
    return list(pd.to_datetime(pd.Series(texts), utc=True))


def test_clean_data_passes_whole_and_the_report_is_silent() -> None:
    loaded = cleaned()
    assert len(loaded.shop.catalogue) == len(loaded.shop.log) == 1
    assert str(loaded.report) == "kept 1 of 1 items, 1 of 1 interactions"


@pytest.mark.parametrize(
    ("raw", "problem", "example"),
    [
        (items(item_id=["i0", None, " "]), "no item id", "row 2: item_id=None"),
        (items(item_id=["i0", "i1", "i0"]), "the item id appears twice", "row 3: item_id='i0'"),
        (items(title=["Milk", "", None]), "no title", "row 2: item_id='i1'"),
    ],
)
def test_items_that_cannot_be_shown_are_dropped(raw: pd.DataFrame, problem: str, example: str) -> None:
    finding = only_finding(cleaned(raw))
    assert (finding.table, finding.problem, finding.action) == ("items", problem, "dropped")
    assert finding.examples[0] == example


@pytest.mark.parametrize("price", [-1.0, float("inf"), "NaN", "free", "-3"])
def test_an_impossible_price_is_cleared_and_its_item_kept(price: object) -> None:
    loaded = cleaned(items(price=[price, "2.50"]))
    assert [item.price for item in loaded.shop.catalogue] == [None, 2.5]
    assert only_finding(loaded).problem == "an impossible price"
    assert only_finding(loaded).examples == (f"row 1: price={price!r}",)


def test_a_missing_price_is_nothing_wrong() -> None:
    loaded = cleaned(items(price=[None, float("nan"), ""]))
    assert [item.price for item in loaded.shop.catalogue] == [None] * 3
    assert loaded.report.findings == ()


@pytest.mark.parametrize(
    ("raw", "problem", "example"),
    [
        (interactions(user_id=["u", None]), "no user id", "row 2: item_id='i0'"),
        (interactions(timestamp=times("2024-05-01", None)), "no readable timestamp", "row 2: item_id='i0'"),
        (
            interactions(timestamp=times("2024-05-01", "1970-01-01")),
            "a time before 1990",
            "row 2: timestamp='1970-01-01 00:00:00+00:00'",
        ),
        (
            interactions(timestamp=times("2024-05-01", "2024-06-02")),
            "a time in the future",
            "row 2: timestamp='2024-06-02 00:00:00+00:00'",
        ),
        (interactions(item_id=["i0", "x"]), "an item that the catalogue does not hold", "row 2: item_id='x'"),
        (interactions(user_id=["u", "u"]), "the same user, item, time and kind again", "row 2: item_id='i0'"),
    ],
)
def test_interactions_that_cannot_be_true_are_dropped(raw: pd.DataFrame, problem: str, example: str) -> None:
    loaded = cleaned(raw_interactions=raw)
    finding = only_finding(loaded)
    assert (finding.table, finding.problem, finding.rows) == ("interactions", problem, 1)
    assert finding.examples == (example,)
    assert len(loaded.shop.log) == 1


def test_a_view_and_a_purchase_at_one_moment_are_two_things() -> None:
    loaded = cleaned(raw_interactions=interactions(user_id=["u", "u"], kind=["view", "purchase"]))
    assert len(loaded.shop.log) == 2


def test_an_impossible_rating_is_cleared() -> None:
    loaded = cleaned(raw_interactions=interactions(rating=["5", "good"]))
    assert loaded.shop.log.frame["rating"].tolist()[0] == 5
    assert only_finding(loaded).examples == ("row 2: rating='good'",)


def test_what_was_said_of_a_dropped_item_goes_with_it() -> None:
    loaded = cleaned(items(title=["Milk", None]), interactions(item_id=["i0", "i1"]))
    assert [finding.rows for finding in loaded.report.findings] == [1, 1]
    assert loaded.report.interactions_kept == 1


def test_a_finding_shows_at_most_three_examples_and_no_long_values() -> None:
    finding = only_finding(cleaned(items(price=["x" * 500] * 5)))
    assert finding.rows == 5
    assert len(finding.examples) == 3
    assert all(len(example) < 100 for example in finding.examples)


def test_row_numbers_are_those_of_the_source_also_after_earlier_rows_are_gone() -> None:
    loaded = cleaned(items(item_id=[None, "a", "a"]))
    assert loaded.report.findings[1].examples == ("row 3: item_id='a'",)


def test_strict_refuses_with_count_and_example() -> None:
    with pytest.raises(DatasetError, match=r"2 items with no title, first row 2: item_id='i1'"):
        cleaned(items(title=["Milk", None, ""]), strict=True)


def test_strict_lets_clean_data_pass() -> None:
    assert len(cleaned(strict=True).shop.catalogue) == 1


def test_a_shop_without_a_single_good_item_is_refused() -> None:
    with pytest.raises(EmptyCatalogueError):
        cleaned(items(title=[None]))


def test_no_interactions_at_all_is_a_shop_on_its_first_day() -> None:
    assert cleaned(raw_interactions=interactions(user_id=["u"]).iloc[:0]).shop.log.user_ids == ()


def test_other_columns_become_attributes_where_they_say_something() -> None:
    (item, bare) = cleaned(items(title=["Shirt", "Milk"], colour=["red", None])).shop.catalogue
    assert item.attributes == {"colour": "red"}
    assert bare.attributes == {}
    assert item.brand == ""


def test_the_report_prints_plainly_and_as_a_table_whatever_a_title_tries() -> None:
    report = cleaned(items(price=["[bold]boo[/nope]"])).report
    console = Console(width=120)
    with console.capture() as captured:
        console.print(report)
    assert "[bold]boo[/nope]" in captured.get()
    assert "items: 1 cleared: an impossible price" in str(report)
