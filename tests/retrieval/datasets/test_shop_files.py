from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from retrieval.datasets.base import ShopFilesConfig, load_dataset
from retrieval.datasets.cleaning import LoadedShop
from retrieval.errors import DatasetError
from retrieval.records import Interaction, Item

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CONFIG = """
kind: files
name: corner-shop
items:
  path: items.csv
  columns: {item_id: sku, title: name, price: price_eur, available: in_stock, attributes: [colour, size]}
interactions:
  path: log.csv
  columns: {user_id: customer, item_id: sku, timestamp: bought_at}
  time_zone: Europe/Berlin
"""
ITEMS = 'sku,name,price_eur,in_stock,colour,size,cost\n007,"Shirt, plain",9.90,yes,red,M,1\n7,Hat,,no,,,1\n'
LOG = "customer,sku,bought_at\n0042,007,2024-05-01 10:30\n"


def load(folder: Path, items: str = ITEMS, log: str = LOG, **interactions: Any) -> LoadedShop:
    (folder / "items.csv").write_text(items, encoding="utf-8")
    (folder / "log.csv").write_text(log, encoding="utf-8")
    return load_dataset(config(folder, **interactions), now=NOW)


def config(folder: Path, **interactions: Any) -> ShopFilesConfig:
    settings = yaml.safe_load(CONFIG)
    for table in ("items", "interactions"):
        settings[table]["path"] = folder / settings[table]["path"]
    settings["interactions"] |= interactions
    return ShopFilesConfig.model_validate(settings)


def test_a_csv_becomes_a_shop(tmp_path: Path) -> None:
    shop = load(tmp_path).shop
    shirt = Item(item_id="007", title="Shirt, plain", price=9.9, attributes={"colour": "red", "size": "M"})
    assert list(shop.catalogue) == [shirt, Item(item_id="7", title="Hat", available=False)]
    bought = Interaction(user_id="0042", item_id="007", timestamp=datetime(2024, 5, 1, 8, 30, tzinfo=UTC))
    assert shop.log.history("0042").interactions == (bought,)
    assert shop.name == "corner-shop"


def test_parquet_keeps_its_types_and_a_whole_number_is_an_id_without_a_point(tmp_path: Path) -> None:
    items = pd.DataFrame(
        {"sku": [7], "name": ["Hat"], "price_eur": [2.5], "in_stock": [True], "colour": "red", "size": 4}
    )
    log = pd.DataFrame({"customer": [1.0, None], "sku": [7, 7], "bought_at": [date(2024, 5, 1)] * 2})
    items.to_parquet(tmp_path / "items.csv")  # a file is what it holds, whatever it is called
    log.to_parquet(tmp_path / "log.csv")
    loaded = load_dataset(config(tmp_path, time_zone="UTC"), now=NOW)
    assert loaded.shop.catalogue["7"].price == 2.5
    assert loaded.shop.log.history("1").interactions[0].timestamp == datetime(2024, 5, 1, tzinfo=UTC)
    assert [found.problem for found in loaded.report.findings] == ["no user id"]


def test_numbers_since_1970_need_their_unit(tmp_path: Path) -> None:
    log = "customer,sku,bought_at\nu,7,1714559400\n"
    with pytest.raises(DatasetError, match="time_unit"):
        load(tmp_path, log=log)
    (view,) = load(tmp_path, log=log, time_unit="s", kind="view").shop.log.history("u").interactions
    assert (view.kind, view.timestamp) == ("view", datetime(2024, 5, 1, 10, 30, tzinfo=UTC))


def test_reviews_may_have_line_breaks_and_any_delimiter(tmp_path: Path) -> None:
    columns = {"user_id": "customer", "item_id": "sku", "timestamp": "bought_at", "rating": "stars", "text": "said"}
    log = 'customer;sku;bought_at;stars;said\nu;7;2024-05-01;4;"Good,\nreally"\nu;7;2024-05-02;;\n'
    interactions = (
        load(tmp_path, log=log, delimiter=";", columns=columns, kind="rating").shop.log.history("u").interactions
    )
    assert [(i.rating, i.text) for i in interactions] == [(4.0, "Good,\nreally"), (None, "")]


def test_empty_fields_are_missing_and_a_written_nan_is_wrong(tmp_path: Path) -> None:
    report = load(tmp_path, items="sku,name,price_eur,in_stock,colour,size\n1,Hat,NaN,,,\n2,,1,,,\n").report
    found = [(finding.problem, finding.examples) for finding in report.findings if finding.table == "items"]
    assert found == [("no title", ("row 2: item_id='2'",)), ("an impossible price", ("row 1: price='NaN'",))]


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"\['bought_at'\].*log\.csv has no such column, only customer, sku, when"):
        load(tmp_path, log="customer,sku,when\nu,7,2024-05-01\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"items\.csv"):
        load_dataset(config(tmp_path), now=NOW)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1 and no more", b"sku,name\n1", "sku\nMis\u00e9rables".encode("latin-1")]
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "items.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"items\.csv"):
        load_dataset(config(tmp_path), now=NOW)


def test_a_row_with_a_field_too_few_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Expected 3 columns, got 2"):
        load(tmp_path, log=LOG + "u,7\n")


def test_neither_yes_nor_no_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"in_stock='perhaps'.*first row 1"):
        load(tmp_path, items=ITEMS.replace("yes", "perhaps"))


@pytest.mark.parametrize(
    ("change", "named"),
    [({"time_zone": "Europe/Atlantis"}, "time_zone"), ({"kind": "theft"}, "kind"), ({"colums": {}}, "colums")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        config(tmp_path, **change)


def test_an_attribute_cannot_take_the_name_of_a_field(tmp_path: Path) -> None:
    settings = config(tmp_path).model_dump()
    settings["items"]["columns"]["attributes"] = ["brand"]
    with pytest.raises(ValidationError, match="name of a field"):
        ShopFilesConfig.model_validate(settings)
