import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eval.answerers import FiledRetriever, RandomRetriever
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.records import Item, UserHistory


def user(name: str) -> UserHistory:
    return UserHistory.of(name, ())


def ids(retriever: RandomRetriever | FiledRetriever, name: str, n: int = 5, exclude: tuple[str, ...] = ()) -> list[str]:
    return [candidate.item.item_id for candidate in retriever.retrieve(user(name), n, exclude=exclude)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ranked.jsonl"


def filed(path: Path, catalogue: Catalogue, text: str) -> FiledRetriever:
    path.write_text(text, encoding="utf-8")
    return FiledRetriever(catalogue, path)


def test_chance_is_the_same_each_time_and_another_for_others(catalogue: Catalogue) -> None:
    chance = RandomRetriever(catalogue, 0)
    assert ids(chance, "anna") == ids(chance, "anna")
    assert (
        len({*map(tuple, [ids(chance, "anna"), ids(chance, "ben"), ids(RandomRetriever(catalogue, 1), "anna")])}) == 3
    )


def test_chance_leaves_out_what_is_excluded(catalogue: Catalogue) -> None:
    assert set(ids(RandomRetriever(catalogue, 0), "anna", 12, ("tea", "oat"))) == {
        item.item_id for item in catalogue
    } - {"tea", "oat"}


def test_chance_finds_k_of_n_for_a_share_of_k_of_n_users() -> None:
    catalogue = Catalogue([Item(item_id=str(i), title=f"Thing {i}") for i in range(50)])
    chance = RandomRetriever(catalogue, 0)
    found = np.mean(["7" in ids(chance, f"user {number}", 10) for number in range(2_000)])
    assert found == pytest.approx(10 / 50, abs=4 * (0.2 * 0.8 / 2_000) ** 0.5)


def test_a_file_answers_in_its_order(path: Path, catalogue: Catalogue) -> None:
    retriever = filed(path, catalogue, '{"user_id": "anna", "item_ids": ["tea", "milk", "tea", "oat"]}\n')
    assert ids(retriever, "anna") == ["tea", "milk", "oat"]
    assert ids(retriever, "anna", 1, ("tea",)) == ["milk"]
    assert [c.score for c in retriever.retrieve(user("anna"), 2)] == [-1.0, -2.0]


def test_a_gzip_file(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "ranked.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"user_id": "anna", "item_ids": ["tea"]}\n'))
    assert ids(FiledRetriever(catalogue, path), "anna") == ["tea"]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DatasetError, match="cannot be read"):
        FiledRetriever(catalogue, path)


def test_a_gzip_file_with_flipped_bits(tmp_path: Path, catalogue: Catalogue, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "ranked.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"user_id": "anna", "item_ids": ["tea"]}\n'))
    damage(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        FiledRetriever(catalogue, path)


def test_a_user_that_the_file_forgot(path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DatasetError, match="user_id='ben': the file ranks nothing for this user"):
        ids(filed(path, catalogue, '{"user_id": "anna", "item_ids": ["tea"]}\n'), "ben")


def test_an_item_that_is_not_sold(path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DatasetError, match="item_id='unobtainium': the file ranks an item"):
        ids(filed(path, catalogue, '{"user_id": "anna", "item_ids": ["tea", "unobtainium"]}\n'), "anna")


@pytest.mark.parametrize(
    "text", ["anna: tea", "[1]", '{"user_id": "anna"}', '{"user_id": "anna", "item_ids": null}', "\udcff"]
)
def test_a_file_of_something_else(path: Path, catalogue: Catalogue, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DatasetError, match=r"the file cannot be read .* It holds JSON lines"):
        FiledRetriever(catalogue, path)


def test_a_file_that_is_missing(path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        FiledRetriever(catalogue, path)
