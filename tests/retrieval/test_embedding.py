from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from retrieval import embedding
from retrieval.catalogue import Catalogue
from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.embedding import embed_catalogue
from retrieval.errors import BuildError
from retrieval.files import write_arrays
from retrieval.item_vectors import ItemVectors
from retrieval.records import Item

CONFIG = HashingConfig(dimension=8)


def embed(catalogue: Catalogue, path: Path) -> ItemVectors:
    return embed_catalogue(catalogue, CONFIG, path, Progress(disable=True))


@pytest.mark.parametrize("chunk", [1, 5, 1024])
def test_every_item_has_the_vector_of_its_text(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(embedding, "_CHUNK", chunk)
    vectors = embed(catalogue, tmp_path / "vectors.npz")
    expected = HashingEmbedder(CONFIG).embed([item.text for item in catalogue])
    np.testing.assert_array_equal(vectors.at(np.arange(12)), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npz"]


def test_items_that_read_the_same_share_a_vector(tmp_path: Path) -> None:
    twins = Catalogue(
        [Item(item_id=item_id, title=title) for item_id, title in [("a", "Tea"), ("b", "Milk"), ("c", "Tea")]]
    )
    vectors = embed(twins, tmp_path / "vectors.npz")
    assert (len(vectors.distinct), vectors.place.tolist()) == (2, [0, 1, 0])


def test_a_file_that_is_there_is_taken_as_it_is(catalogue: Catalogue, tmp_path: Path) -> None:
    stored = {"distinct": np.ones((1, 2), dtype=np.float32), "place": np.zeros(12, dtype=np.intp)}
    write_arrays(tmp_path / "vectors.npz", stored)
    assert embed(catalogue, tmp_path / "vectors.npz").at(np.array([11])).tolist() == [[1, 1]]


@pytest.mark.parametrize("name", ["vectors.npz", "vectors.parts/000000000.npz"])
def test_a_damaged_file_is_to_be_deleted_and_is_then_made_anew(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"cut short")
    with pytest.raises(BuildError, match=f"Delete {path} and run the same again"):
        embed(catalogue, tmp_path / "vectors.npz")
    path.unlink()
    assert len(embed(catalogue, tmp_path / "vectors.npz").place) == 12
