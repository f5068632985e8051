from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig
from retrieval.retrievers.sequence.fitting import Fitting
from retrieval.retrievers.sequence.retriever import SequenceRetriever
from retrieval.retrievers.sequence.trained import Trained, spread

SETTINGS = SequenceConfig(encoder=EncoderConfig(dimension=2, heads=1))
IDS, BIAS = "0/items.ids.weight", "0/items.bias"


@pytest.fixture
def trained() -> Trained:
    """Three items; the numbers of item a start with 1, of b with 2, of c with 3."""
    arrays = {
        IDS: np.array([[1.0, 1.5], [2.0, 2.5], [3.0, 3.5]], dtype=np.float32),
        BIAS: np.array([1.0, 2.0, 3.0], dtype=np.float32),
        "0/items.text.bias": np.array([7.0, 8.0], dtype=np.float32),
    }
    return Trained(
        item_ids=("a", "b", "c"),
        arrays=arrays,
        embedder="hashing",
        encoder=SETTINGS.encoder,
        members=1,
        until=datetime(2024, 1, 1, tzinfo=UTC),
        rows_at_until=1,
        made_from="this",
    )


def shelf_of(*item_ids: str) -> Catalogue:
    return Catalogue([Item(item_id=item_id, title=item_id) for item_id in item_ids])


def test_what_was_written_is_read(trained: Trained, tmp_path: Path) -> None:
    trained.write(tmp_path)
    read = Trained.read(tmp_path)
    assert replace(read, arrays={}) == replace(trained, arrays={})
    assert read.arrays.keys() == trained.arrays.keys()
    assert read.arrays[IDS].tolist() == trained.arrays[IDS].tolist()


def test_a_folder_without_a_finished_training_is_refused(trained: Trained, tmp_path: Path) -> None:
    trained.write(tmp_path)
    (tmp_path / "trained.json").unlink()
    with pytest.raises(BuildError, match="llm-rerank train-retriever"):
        Trained.read(tmp_path)


@pytest.mark.parametrize("name", ["trained.json", "weights.npz"])
@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_a_damaged_file_is_named(trained: Trained, tmp_path: Path, name: str, content: str) -> None:
    trained.write(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(BuildError, match=name):
        Trained.read(tmp_path)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(trained: Trained, tmp_path: Path, number: float) -> None:
    trained.arrays[BIAS][1] = number
    trained.write(tmp_path)
    with pytest.raises(BuildError, match=r"weights\.npz holds weights that are not finite, in 0/items\.bias"):
        Trained.read(tmp_path)


def test_a_catalogue_in_another_order_gets_the_same_numbers_for_each_item(trained: Trained) -> None:
    arrays = trained.arrays_for(SETTINGS, shelf_of("c", "new", "a", "b"))
    assert arrays["items"].tolist() == [0, 2, 3]  # ascending: c, a, b
    assert arrays[BIAS].tolist() == [3, 1, 2]
    assert arrays[IDS][:, 0].tolist() == [3, 1, 2]
    assert arrays["0/items.text.bias"].tolist() == [7, 8]


def test_what_is_no_longer_sold_is_left_out(trained: Trained) -> None:
    arrays = trained.arrays_for(SETTINGS, shelf_of("c", "a"))
    assert (arrays["items"].tolist(), arrays[BIAS].tolist()) == ([0, 1], [3, 1])


def test_a_catalogue_without_any_of_its_items_is_answered_with_nothing(trained: Trained, log: InteractionLog) -> None:
    others = shelf_of("milk", "tea")
    arrays = trained.arrays_for(SETTINGS, others)
    assert arrays["items"].tolist() == []
    vectors = ItemVectors(distinct=np.zeros((1, 3), dtype=np.float32), place=np.zeros(2, dtype=np.intp))
    assert SequenceRetriever(SETTINGS, others, vectors, arrays).retrieve(log.history("anna"), 3) == ()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (SequenceConfig(encoder=EncoderConfig(dimension=4, heads=1)), "encoder"),
        (SETTINGS.model_copy(update={"members": 2}), "members"),
    ],
)
def test_another_encoder_is_refused(trained: Trained, other: SequenceConfig, named: str) -> None:
    with pytest.raises(BuildError, match=rf"^{named}="):
        trained.arrays_for(other, shelf_of("a"))


def test_text_vectors_of_another_embedder_are_refused(trained: Trained) -> None:
    trained.check_embedder("hashing")
    with pytest.raises(BuildError, match=r"^embedder='minilm'"):
        trained.check_embedder("minilm")


def test_a_new_column_starts_with_its_text_and_the_mean_bias(trained: Trained) -> None:
    arrays = trained.arrays_for(SETTINGS, shelf_of("c", "new", "a", "b"))
    begun = spread(arrays, np.array([0, 1, 3]), 0)  # c, new, b
    assert begun["items.ids.weight"].tolist() == [[3.0, 3.5], [0.0, 0.0], [2.0, 2.5]]
    assert begun["items.bias"].tolist() == [3.0, 2.0, 2.0]
    assert begun["items.text.bias"].tolist() == [7, 8]


def test_opened_in_another_order_it_proposes_the_same(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    quick = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 2})})
    arrays = Fitting(quick, street, walks, texts, 0).run(tmp_path, lambda *step: None)
    rows = arrays.pop("items").tolist()
    trained = Trained(
        item_ids=tuple(street.at(row).item_id for row in rows),
        arrays=arrays,
        embedder="",
        encoder=quick.encoder,
        members=1,
        until=datetime(2024, 1, 1, tzinfo=UTC),
        rows_at_until=1,
        made_from="",
    )
    turned = Catalogue(reversed(list(street)))
    vectors = ItemVectors(distinct=texts.distinct, place=texts.place[::-1].copy())
    straight = SequenceRetriever(quick, street, texts, trained.arrays_for(quick, street))
    back = SequenceRetriever(quick, turned, vectors, trained.arrays_for(quick, turned))
    anna = walks.history("walker05")
    assert [c.item.item_id for c in back.retrieve(anna, 20)] == [c.item.item_id for c in straight.retrieve(anna, 20)]
