"""What every index promises, asked of each of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.errors import BuildError, DataError, RecordError, UnknownItemError
from retrieval.indexes import build_index, load_index
from retrieval.indexes.base import ExactConfig, FaissConfig, IndexConfig, VectorIndex

CONFIGS: dict[str, IndexConfig] = {
    "exact": ExactConfig(),
    "faiss-flat": FaissConfig(),
    "faiss-ivf": FaissConfig(ivf_from=100, nprobe=1000),  # looks into every list: exact
}
IDS = [f"item-{number}" for number in range(120)]
Make = Callable[[], VectorIndex]


@pytest.fixture(params=CONFIGS)
def config(request: pytest.FixtureRequest) -> IndexConfig:
    return CONFIGS[request.param]


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    rows = np.random.default_rng(0).normal(size=(len(IDS), 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def index(config: IndexConfig, vectors: NDArray[np.float32]) -> VectorIndex:
    index = build_index(config, 8)
    index.add(IDS, vectors)
    return index


def test_an_item_is_its_own_nearest_neighbour(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    found = index.search(vectors, 1)
    assert [neighbours[0][0] for neighbours in found] == IDS
    assert found[7][0][1] == pytest.approx(1.0)


def test_neighbours_come_best_first_as_numpy_finds_them(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    (found,) = index.search(vectors[:1], 5)
    expected = np.argsort(-(vectors @ vectors[0]))[:5]
    assert [item_id for item_id, _ in found] == [IDS[row] for row in expected]


@pytest.mark.parametrize(("top_n", "count"), [(-1, 0), (0, 0), (1, 1), (500, 120)])
def test_a_search_gives_at_most_what_there_is(
    index: VectorIndex, vectors: NDArray[np.float32], top_n: int, count: int
) -> None:
    (found,) = index.search(vectors[:1], top_n)
    assert len({item_id for item_id, _ in found}) == len(found) == count


def test_no_query_has_no_answer(index: VectorIndex) -> None:
    assert index.search(np.empty((0, 8), dtype=np.float32), 3) == ()


def test_an_empty_index_answers_nothing(config: IndexConfig, vectors: NDArray[np.float32]) -> None:
    index = build_index(config, 8)
    index.add([], np.empty((0, 8), dtype=np.float32))
    assert len(index) == 0
    assert index.search(vectors[:2], 3) == ((), ())


def test_adding_an_id_again_replaces_its_vector(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    index.add(["item-3"], -vectors[3:4])
    assert len(index) == 120
    assert index.search(-vectors[3:4], 1)[0][0][0] == "item-3"
    scores = dict(index.search(vectors[3:4], 120)[0])
    assert scores["item-3"] == pytest.approx(-1.0)


def test_an_id_given_twice_at_once_gets_the_last_vector(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    index.add(["new", "new"], np.stack([vectors[0], -vectors[0]]))
    assert len(index) == 121
    assert dict(index.search(vectors[:1], 121)[0])["new"] == pytest.approx(-1.0)


def test_a_removed_item_is_never_found_and_may_come_back(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    index.remove(["item-5", "item-5"])
    assert len(index) == 119
    assert "item-5" not in dict(index.search(vectors[5:6], 120)[0])
    index.add(["item-5"], vectors[5:6])
    assert index.search(vectors[5:6], 1)[0][0][0] == "item-5"


def test_removing_an_unknown_item_removes_nothing(index: VectorIndex) -> None:
    with pytest.raises(UnknownItemError, match="item_id='nobody'"):
        index.remove(["item-1", "nobody"])
    assert len(index) == 120


@pytest.mark.parametrize("bad", [np.zeros((1, 7)), np.zeros((2, 8)), np.full((1, 8), np.nan)])
def test_vectors_that_do_not_fit_change_nothing(
    index: VectorIndex, bad: NDArray[np.float64], vectors: NDArray[np.float32]
) -> None:
    with pytest.raises(RecordError, match="vectors="):
        index.add(["item-1"], bad.astype(np.float32))
    assert index.search(vectors[1:2], 1)[0][0][0] == "item-1"


def test_a_saved_index_comes_back_the_same_and_still_changes(
    index: VectorIndex, config: IndexConfig, vectors: NDArray[np.float32], tmp_path: Path
) -> None:
    index.remove(["item-0"])
    index.save(tmp_path)
    loaded = load_index(config, tmp_path)
    assert len(loaded) == 119
    assert loaded.search(vectors[:9], 20) == index.search(vectors[:9], 20)
    loaded.remove(["item-2"])
    loaded.add(["new"], vectors[2:3])
    assert loaded.search(vectors[2:3], 1)[0][0][0] == "new"


def test_a_query_that_is_not_finite_is_an_error(index: VectorIndex, vectors: NDArray[np.float32]) -> None:
    query = vectors[:2].copy()
    query[1, 3] = np.nan
    with pytest.raises(DataError, match="queries=nan: a vector to search for is not finite"):
        index.search(query, 3)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "deleted"])
def test_a_damaged_file_is_named(index: VectorIndex, config: IndexConfig, tmp_path: Path, damage: str) -> None:
    index.save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"")
        if damage == "deleted":
            path.unlink()
        with pytest.raises(BuildError, match=path.name):
            load_index(config, tmp_path)
        path.write_bytes(whole)
