import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from eval.config import EvalConfig
from eval.export import main
from eval.export_shop import export_shop, interaction_table, item_table
from retrieval.catalogue import Catalogue
from retrieval.datasets.base import MovieLensConfig, ShopFilesConfig, load_dataset
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.shop import ShopData

RANDOM = [{"name": "random", "answers": {"kind": "random"}}]


def read(folder: Path, *columns: str, **others: Any) -> ShopData:
    """The shop that an export is; `columns` are those that every item has besides."""
    same = {name: name for name in ("item_id", "title", *columns)}
    settings = {
        "kind": "files",
        "strict": True,
        "items": {"path": folder / "items.parquet", "columns": same | others},
        "interactions": {
            "path": folder / "interactions.parquet",
            "columns": {name: name for name in ("user_id", "item_id", "timestamp")},
        },
    }
    return load_dataset(ShopFilesConfig.model_validate(settings)).shop


def test_what_may_be_learnt_from_is_a_shop(
    configure: Callable[..., EvalConfig], tmp_path: Path, shop: ShopData
) -> None:
    export_shop(configure(RANDOM), tmp_path / "out")
    exported = read(tmp_path / "out")
    assert [item.item_id for item in exported.catalogue] == [item.item_id for item in shop.catalogue]
    dan = [(i.item_id, i.timestamp) for i in shop.log.history("dan").interactions]
    assert [(i.item_id, i.timestamp) for i in exported.log.history("dan").interactions] == dan[
        :-2
    ]  # not the last basket
    assert "eva" not in exported.log  # her only basket is her last


def test_a_benchmark_without_a_mask_is_exported_as_a_shop_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = {"split": "leave-one-out", "part": "test", "candidates": "catalogue", "seen": "allowed"}
    config = {
        "benchmark": "films",
        "title": "Films",
        "data": {"kind": "shop", "dataset": {"kind": "movielens-100k"}},
        "protocol": protocol,
        "systems": RANDOM,
    }
    (tmp_path / "films.yaml").write_text(yaml.safe_dump(config))
    words = ["export", "--config", str(tmp_path / "films.yaml"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit, match="--shop"):
        main()
    monkeypatch.setattr(sys, "argv", [*words, "--shop", "--part", "validation"])
    main()
    table = pq.read_table(tmp_path / "out" / "interactions.parquet")
    whole = load_dataset(MovieLensConfig(kind="movielens-100k")).shop.log
    assert len(table) == len(whole) - 2 * 943


def test_what_an_item_says_is_written_and_what_none_says_is_not(tmp_path: Path) -> None:
    catalogue = Catalogue(
        [
            Item(item_id="1", title="Tea", price=2.5, attributes={"size": "80 bags"}),
            Item(item_id="2", title="Salt", category="spices", available=False),
        ]
    )
    names = ["item_id", "title", "category", "price", "available", "size"]
    assert item_table(catalogue).column_names == names
    log = InteractionLog.of([Interaction(user_id="u", item_id="2", timestamp=datetime(2024, 1, 1, tzinfo=UTC))])
    pq.write_table(item_table(catalogue), tmp_path / "items.parquet")
    pq.write_table(interaction_table(log), tmp_path / "interactions.parquet")
    assert [*read(tmp_path, "category", "price", "available", attributes=["size"]).catalogue] == [*catalogue]


def test_one_moment_keeps_its_order_and_a_log_without_times_moves_as_a_whole(tmp_path: Path) -> None:
    day = timedelta(days=1)
    log = InteractionLog.of(
        Interaction(user_id="u", item_id=item_id, timestamp=datetime(1970, 1, 1, tzinfo=UTC) + number * day)
        for item_id, number in (("c", 0), ("a", 0), ("b", 0), ("a", 1))
    )
    pq.write_table(item_table(Catalogue(Item(item_id=i, title=i) for i in "abc")), tmp_path / "items.parquet")
    pq.write_table(interaction_table(log), tmp_path / "interactions.parquet")
    found = read(tmp_path).log.history("u").interactions
    assert [interaction.item_id for interaction in found] == ["c", "a", "b", "a"]
    assert [interaction.timestamp - found[0].timestamp for interaction in found] == [0 * day, 0 * day, 0 * day, day]
    assert found[0].timestamp == datetime(1990, 1, 1, tzinfo=UTC)
