from functools import partial

import numpy as np
import pytest

from benchmarks.order import moved, order_table, queries_of
from benchmarks.world import Cell, World
from llm_rerank.reranker import Query


class Stubborn:
    """Scores an item by what it is, or by where it stands."""

    def __init__(self, *, by_place: bool) -> None:
        self.by_place = by_place

    def score(self, queries: list[Query]) -> tuple[np.ndarray]:
        (query,) = queries
        ids = [float(item.item_id[1:]) for item in query.items]
        return (np.arange(len(ids), dtype=float) if self.by_place else np.array(ids),)


QUERIES = queries_of(World(seed=0), 2, Cell(k=5, history=3))


def test_no_item_is_in_two_lists() -> None:
    ids = [item.item_id for query in QUERIES for item in query.items]
    assert len(set(ids)) == len(ids) == 10


@pytest.mark.parametrize("by_place", [False, True], ids=["by item", "by place"])
def test_what_depends_on_the_order_is_told_from_what_does_not(by_place: bool) -> None:
    steps: list[int] = []
    found = moved(Stubborn(by_place=by_place), QUERIES, 4, np.random.default_rng(0), partial(steps.append, 1))  # type: ignore[arg-type]
    assert (found.scores > 0, found.places > 0, found.first > 0) == (by_place,) * 3
    assert steps == [1, 1]
    assert order_table({"one": found}, 2, 4, 5).rows[0][0] == "one"
