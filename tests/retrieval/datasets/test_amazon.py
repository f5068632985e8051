import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from retrieval.datasets.base import AmazonConfig, load_dataset
from retrieval.datasets.cleaning import LoadedShop
from retrieval.errors import DatasetError

NOW = datetime(2024, 1, 1, tzinfo=UTC)
META_2014 = (
    "{'asin': 'B1', 'title': \"Men's Soap &amp; Foam\", 'price': 7.5, 'brand': 'Lux',"
    " 'categories': [['Beauty', 'Bath', 'Soaps'], ['Gifts']]}\n{'asin': 'B2', 'title': 'Comb'}\n"
)
REVIEW_2014: dict[str, Any] = {
    "reviewerID": "A1",
    "asin": "B1",
    "overall": 4.0,
    "unixReviewTime": 1_388_534_400,
    "summary": "Fine",
    "reviewText": "Smells good.",
}
META_2023: dict[str, Any] = {
    "parent_asin": "B1",
    "title": "Soap",
    "price": "from 12.99",
    "store": "Lux",
    "main_category": "All Beauty",
    "categories": ["Beauty", "Soaps"],
    "details": {"Scent": "Rose", "UPC": "123"},
}
REVIEW_2023: dict[str, Any] = {
    "user_id": "A1",
    "parent_asin": "B1",
    "rating": 5.0,
    "timestamp": 1_388_534_400_500,
    "title": "Great",
    "text": "I &lt;3 it",
    "verified_purchase": True,
}


def load(folder: Path, edition: Literal[2014, 2023], reviews: str, metadata: str, **options: Any) -> LoadedShop:
    (folder / "reviews.json.gz").write_bytes(gzip.compress(reviews.encode()))
    (folder / "meta.json").write_text(metadata, encoding="utf-8")
    config = AmazonConfig(
        kind="amazon",
        edition=edition,
        reviews=folder / "reviews.json.gz",
        metadata=folder / "meta.json",
        **options,
    )
    return load_dataset(config, now=NOW)


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_2014_products_are_python_literals(tmp_path: Path) -> None:
    shop = load(tmp_path, 2014, lines(REVIEW_2014), META_2014).shop
    soap = shop.catalogue["B1"]
    assert (soap.title, soap.category, soap.brand, soap.price) == ("Men's Soap & Foam", "Soaps", "Lux", 7.5)
    assert soap.attributes == {"department": "Beauty"}
    assert shop.catalogue["B2"].category == ""


@pytest.mark.parametrize("reviews", [lines(REVIEW_2014), repr(REVIEW_2014)], ids=["json", "python"])
def test_2014_reviews_are_json_or_python_literals(tmp_path: Path, reviews: str) -> None:
    (review,) = load(tmp_path, 2014, reviews, META_2014).shop.log.history("A1").interactions
    assert (review.kind, review.rating, review.text) == ("rating", 4.0, "Fine\nSmells good.")
    assert review.timestamp == datetime(2014, 1, 1, tzinfo=UTC)


def test_2014_ratings_may_be_bare_lines(tmp_path: Path) -> None:
    (rating,) = load(tmp_path, 2014, "A1,B2,5.0,1388534400\n", META_2014).shop.log.history("A1").interactions
    assert (rating.item_id, rating.rating, rating.text) == ("B2", 5.0, "")


def test_2023_counts_in_milliseconds_and_keeps_useful_details(tmp_path: Path) -> None:
    shop = load(tmp_path, 2023, lines(REVIEW_2023), lines(META_2023)).shop
    (review,) = shop.log.history("A1").interactions
    assert review.timestamp == datetime(2014, 1, 1, microsecond=500_000, tzinfo=UTC)
    assert review.text == "Great\nI <3 it"
    assert shop.catalogue["B1"].attributes == {"department": "All Beauty", "scent": "Rose"}
    assert shop.catalogue["B1"].category == "Soaps"


def test_a_price_that_is_no_number_is_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, 2023, lines(REVIEW_2023), lines(META_2023))
    assert loaded.shop.catalogue["B1"].price is None
    assert loaded.report.findings[0].examples == ("row 1: price='from 12.99'",)


def test_a_time_beyond_all_calendars_is_in_the_future(tmp_path: Path) -> None:
    report = load(tmp_path, 2023, lines(REVIEW_2023 | {"timestamp": 10**30}), lines(META_2023)).report
    assert [found.problem for found in report.findings][1:] == ["a time in the future"]


@pytest.mark.parametrize(
    "line",
    ["{'asin': ", "{'asin': __import__('os').getcwd()}", "[1, 2]", "{" * 100_000, '{"asin": "B1"'],
    ids=["cut", "code", "list", "deep", "open"],
)
def test_a_broken_line_is_numbered_and_never_run(tmp_path: Path, line: str) -> None:
    with pytest.raises(DatasetError, match=r"meta\.json.*line 3"):
        load(tmp_path, 2014, lines(REVIEW_2014), META_2014 + line)


def test_the_wrong_edition_names_the_fields_there_are(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no \['asin'\] among its fields .*parent_asin.* edition"):
        load(tmp_path, 2014, lines(REVIEW_2023), lines(META_2023))


def test_a_line_with_too_few_fields_is_numbered(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"reviews\.json\.gz.*line 1"):
        load(tmp_path, 2014, "A1,B1,5.0\n", META_2014)


def reviews_of(*pairs: str) -> str:
    return lines(*(REVIEW_2023 | {"user_id": pair[0], "parent_asin": pair[1]} for pair in pairs))


PRODUCTS = lines(*(META_2023 | {"parent_asin": item, "price": 1.0} for item in "abc"))


def test_the_core_leaves_the_rest_out_and_says_so(tmp_path: Path) -> None:
    loaded = load(tmp_path, 2023, reviews_of("ua", "ub", "va", "vb", "wc"), PRODUCTS, k_core=2)
    assert [item.item_id for item in loaded.shop.catalogue] == ["a", "b"]
    assert loaded.shop.log.user_ids == ("u", "v")
    assert str(loaded.report).splitlines() == [
        "kept 2 of 3 items, 4 of 5 interactions",
        "  items: 1 not selected: outside the 2-core",
        "  interactions: 1 not selected: outside the 2-core",
    ]


def test_an_empty_core_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="k_core=9"):
        load(tmp_path, 2023, reviews_of("ua"), PRODUCTS, k_core=9)
