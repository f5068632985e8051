"""The users a system did most for, by hand."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from eval.answers import Answers
from eval.examples import Shown, compared
from retrieval.catalogue import Catalogue
from retrieval.records import Item

CATALOGUE = Catalogue([Item(item_id=name, title=f"Title\nof {name}") for name in "abcdefgh"])
PROTOCOL: Any = SimpleNamespace(users=("u0", "u1", "u2"), relevant=lambda user: ("a",))


def answers(*ranked: Sequence[int]) -> Answers:
    rows = tuple(np.array(each, dtype=np.int32) for each in ranked)
    scores = tuple(np.zeros(len(each), dtype=np.float32) for each in rows)
    return Answers(users=PROTOCOL.users, ranked=rows, scores=scores, milliseconds=np.zeros(3))


def test_who_gained_and_who_lost_most() -> None:
    figures = {"new": pd.Series([1.0, 0.2, 0.5]), "old": pd.Series([0.5, 0.5, 0.5])}
    lists = {"new": answers([0, 1], [1, 0], [2]), "old": answers([7, 6, 5, 4, 3, 2, 1, 0], [0], [2])}
    found = Shown(PROTOCOL, CATALOGUE).examples(("new", "old"), "ndcg@10", lists, figures)
    assert ([one.user_id for one in found.best], [one.user_id for one in found.worst]) == (["u0"], ["u1"])
    (best,) = found.best
    assert (best.before, best.after, best.taken) == (0.5, 1.0, ("Title of a",))
    assert [(one.title, one.right) for one in best.list_after] == [("Title of a", True), ("Title of b", False)]
    assert len(best.list_before) == 5
    assert not any(one.right for one in best.list_before)


def test_what_reorders_is_compared_with_what_it_reorders() -> None:
    def system(name: str, of: str | None = None) -> Any:
        return SimpleNamespace(name=name, reranking=SimpleNamespace(of=of) if of else None)

    assert compared([system("best"), system("llm", "hybrid"), system("hybrid")]) == ("llm", "hybrid")
    assert compared([system("best"), system("second"), system("third")]) == ("best", "second")
    assert compared([system("alone")]) is None
