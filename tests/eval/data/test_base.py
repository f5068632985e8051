import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.data import load_benchmark
from eval.data.base import Counts, ShopConfig, log_in_order, read_lines
from retrieval.datasets.base import InteractionColumns, InteractionsFile, ItemColumns, ItemsFile, ShopFilesConfig
from retrieval.errors import DatasetError


def test_what_has_no_times_keeps_its_order() -> None:
    log = log_in_order(["ben", "anna", "ben", "ben"], ["tea", "milk", "bread", "tea"])
    assert [i.item_id for i in log.history("ben").interactions] == ["tea", "bread", "tea"]


def test_a_gzip_file_with_flipped_bits_is_an_error(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    damage(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        list(read_lines(path))


def test_counts_read_as_a_sentence() -> None:
    text = str(Counts(users=22_332, items=12_086, interactions=198_215))
    assert text == "22,332 users, 12,086 items and 198,215 interactions"


@pytest.fixture
def files(tmp_path: Path) -> ShopFilesConfig:
    (tmp_path / "items.csv").write_text("id,title\nmilk,Milk\ntea,Tea\n", encoding="utf-8")
    (tmp_path / "log.csv").write_text("who,what,when\nanna,milk,2024-01-01\nanna,tea,2024-01-02\n", encoding="utf-8")
    return ShopFilesConfig(
        kind="files",
        items=ItemsFile(path=tmp_path / "items.csv", columns=ItemColumns(item_id="id", title="title")),
        interactions=InteractionsFile(
            path=tmp_path / "log.csv", columns=InteractionColumns(user_id="who", item_id="what", timestamp="when")
        ),
    )


def test_a_shops_own_files_are_a_benchmark_without_given_candidates(files: ShopFilesConfig) -> None:
    benchmark = load_benchmark(ShopConfig(kind="shop", dataset=files), Counts(users=1, items=2, interactions=2))
    assert benchmark.given is None
    assert benchmark.shop.log.history("anna").item_ids == ("milk", "tea")
