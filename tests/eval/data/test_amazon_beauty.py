from collections.abc import Callable
from pathlib import Path

import pytest

from eval.data import load_benchmark
from eval.data.base import AmazonBeauty2014Config, Benchmark, Counts
from retrieval.errors import DatasetError

USERS = [f"u{number}" for number in range(5)]
ITEMS = ["A", "B", "C", "D", "E"]
TITLES = "asin\ttitle\n" + "".join(f"{item}\tCream {item}\n" for item in [*ITEMS, "Z"]) + "Y\t \n"
SEQUENCES = "user\tasins\n" + "".join(f"{user}\tE D Y C B A\n" for user in USERS) + "v\tA Z\n"


def load(folder: Path, counts: Counts | None = None) -> Benchmark:
    return load_benchmark(AmazonBeauty2014Config(kind="amazon-beauty-2014", folder=folder), counts)


@pytest.fixture
def folder(tmp_path: Path, write: Callable[[str, str], Path]) -> Path:
    write("items.tsv.gz", TITLES)
    write("sequences.tsv.gz", SEQUENCES)
    return tmp_path


def test_untitled_items_go_and_the_five_core_stays_in_order(folder: Path) -> None:
    shop = load(folder).shop
    assert [item.item_id for item in shop.catalogue] == ITEMS  # Y has no title; v and Z have too few
    assert [i.item_id for i in shop.log.history("u0").interactions] == ["E", "D", "C", "B", "A"]
    assert Counts.of(shop) == Counts(users=5, items=5, interactions=25)


def test_counts_that_do_not_match_name_both(folder: Path) -> None:
    both = "there are 5 users, 5 items and 25 interactions, and the benchmark has 22,332 users, 9 items and 1 inter"
    with pytest.raises(DatasetError, match=both):
        load(folder, Counts(users=22_332, items=9, interactions=1))


def test_a_file_that_is_missing(folder: Path) -> None:
    (folder / "items.tsv.gz").unlink()
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)


def test_a_file_that_was_cut_short(folder: Path) -> None:
    path = folder / "sequences.tsv.gz"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)


def test_a_line_with_too_many_fields(folder: Path, write: Callable[[str, str], Path]) -> None:
    write("items.tsv.gz", "asin\ttitle\nA\tCream\t9.99\n")
    with pytest.raises(DatasetError, match=r"a line of items\.tsv\.gz has 3 fields rather than 2"):
        load(folder)


@pytest.mark.parametrize("text", ["", "user\tasins\n", "user\tasins\nu0\tA B\n"], ids=["empty", "header", "too few"])
def test_nothing_is_left(folder: Path, write: Callable[[str, str], Path], text: str) -> None:
    write("sequences.tsv.gz", text)
    with pytest.raises(DatasetError, match="no user and no item has five interactions"):
        load(folder)


def test_the_published_files_count_as_in_the_paper(published: Callable[[str], Path]) -> None:
    load(published("amazon-beauty-2014"), Counts(users=22_332, items=12_086, interactions=198_215))
