import numpy as np
import pytest

from benchmarks.index import Searched, ask, filled, promises_of, recall, scattered
from retrieval.indexes.base import FaissConfig


def test_vectors_are_of_length_1_and_the_same_under_a_seed() -> None:
    items, queries = scattered(50, 5, 8, 3, seed=0)
    assert (items.shape, queries.shape) == ((50, 8), (5, 8))
    assert np.linalg.norm(items, axis=1) == pytest.approx(np.ones(50), abs=1e-6)
    assert (scattered(50, 5, 8, 3, seed=0)[0] == items).all()


def test_exact_search_finds_what_it_finds() -> None:
    items, queries = scattered(200, 4, 8, 3, seed=0)
    answers, milliseconds = ask(filled(FaissConfig(), [str(n) for n in range(200)], items), queries, 10)
    assert {len(found) for found in answers} == {10}
    assert (recall(answers, answers), len(milliseconds)) == (1.0, 4)


def test_recall_is_the_share_that_was_found() -> None:
    assert recall([frozenset("ab"), frozenset("x")], [frozenset("abcd"), frozenset("x")]) == 0.75


def test_every_geometry_is_judged() -> None:
    def at(recall: float) -> list[Searched]:
        return [Searched(name="one list in seven", milliseconds=np.array([2.0]), recall=recall)]

    judged = promises_of({1_000: at(0.99), 20_000: at(0.78)}, 100)
    assert [(target.name, target.verdict) for target in judged] == [
        ("recall@100, one list in seven, 1,000 centres", "met"),
        ("one query, p99, one list in seven, 1,000 centres", "met"),
        ("recall@100, one list in seven, 20,000 centres", "not met"),
        ("one query, p99, one list in seven, 20,000 centres", "met"),
    ]
    assert {target.verdict for target in promises_of({1_000: at(0.99)}, 10)} == {"not measured"}
