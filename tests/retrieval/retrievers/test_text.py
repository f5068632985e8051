from datetime import UTC, datetime

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.indexes.exact import ExactIndex
from retrieval.item_vectors import ItemVectors
from retrieval.records import Interaction, Item, UserHistory
from retrieval.retrievers.text import TextConfig, TextRetriever

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=item_id, title=item_id) for item_id in ("east", "north", "north-east")])
VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
WENT = UserHistory(
    user_id="u",
    interactions=tuple(Interaction(user_id="u", item_id=name, timestamp=MONDAY) for name in ("east", "north", "north")),
)


def retriever(config: TextConfig, more: str = "") -> TextRetriever:
    index = ExactIndex(2)
    index.add([item.item_id for item in CATALOGUE], VECTORS)
    if more:
        index.add([more], VECTORS[:1])
    return TextRetriever(config, CATALOGUE, ItemVectors(distinct=VECTORS, place=np.arange(3)), index)


def test_an_item_scores_its_similarity_to_each_purchase_as_often_as_it_was_bought() -> None:
    found = retriever(TextConfig()).retrieve(WENT, 3)
    # east once, north twice: north-east 0.6 + 2 * 0.8, north 0 + 2 * 1, east 1 + 2 * 0
    assert [candidate.item.item_id for candidate in found] == ["north-east", "north", "east"]
    assert [candidate.score for candidate in found] == pytest.approx([2.2, 2.0, 1.0])


def test_only_the_weightiest_purchases_are_looked_up() -> None:
    found = retriever(TextConfig(anchors=1, neighbours=2)).retrieve(WENT, 3)
    assert [candidate.item.item_id for candidate in found] == ["north", "north-east"]


def test_what_the_index_holds_and_the_catalogue_does_not_is_left_out() -> None:
    assert len(retriever(TextConfig(), more="stranger").retrieve(WENT, 9)) == 3
