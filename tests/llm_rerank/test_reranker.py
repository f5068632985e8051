from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Query, Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue
from retrieval.errors import EngineError
from retrieval.log import InteractionLog
from retrieval.records import Candidate, Item, UserHistory

NEW = UserHistory(user_id="new")


class Constant(FakeEngine):
    """The same logit everywhere; keeps how many labels each request had."""

    value = 0.0
    labels: tuple[int, ...] = ()

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        self.labels = tuple(len(request.labels) for request in requests)
        shapes = [(len(request.continuations), len(request.labels)) for request in requests]
        return tuple(np.full(shape, self.value, dtype=np.float32) for shape in shapes)


@pytest.fixture
def constant(characters: ChatTokenizer) -> Constant:
    return Constant(characters)


def proposed(catalogue: Catalogue, *item_ids: str) -> list[Candidate]:
    """Scores fall by one a rank."""
    return [
        Candidate(item=catalogue[i], score=-float(n), source="test", rank=n) for n, i in enumerate(item_ids, start=1)
    ]


def ids(ranked: Sequence[object]) -> list[str]:
    return [place.item.item_id for place in ranked]  # type: ignore[attr-defined]


def test_weight_0_is_retrieval_and_weight_1_the_llm(
    fake_engine: FakeEngine, prompt: Prompt, catalogue: Catalogue, log: InteractionLog
) -> None:
    reranker = Reranker(fake_engine, prompt, catalogue, fusion=WeightedFusion(llm_weight=0))
    given = proposed(catalogue, "tea", "oat", "brie", "rolls")
    assert ids(reranker.rerank(log.history("anna"), given)) == ["tea", "oat", "brie", "rolls"]
    by_llm = reranker.rerank(log.history("anna"), given, fusion=WeightedFusion(llm_weight=1))
    assert [p.llm_rank for p in by_llm] == [p.rank for p in by_llm] == [1, 2, 3, 4]
    assert sorted(p.retrieval_rank for p in by_llm) == [1, 2, 3, 4]


def test_a_duplicate_counts_where_it_stood_first(constant: Constant, prompt: Prompt, catalogue: Catalogue) -> None:
    reranker = Reranker(constant, prompt, catalogue, fusion=WeightedFusion(llm_weight=1))
    ranked = reranker.rerank(NEW, proposed(catalogue, "tea", "oat", "tea", "oat", "milk"))
    assert [(p.item.item_id, p.retrieval_rank) for p in ranked] == [("tea", 1), ("oat", 2), ("milk", 5)]


def test_equal_scores_keep_the_order_given(constant: Constant, prompt: Prompt, catalogue: Catalogue) -> None:
    order = ["tea", "milk", "bread", "oat"]
    assert (
        ids(
            Reranker(constant, prompt, catalogue, fusion=WeightedFusion(llm_weight=1)).rerank(
                NEW, proposed(catalogue, *order)
            )
        )
        == order
    )


@pytest.mark.parametrize("method", ["packed", "letters"])
def test_one_item_and_none(fake_engine: FakeEngine, prompt: Prompt, catalogue: Catalogue, method: str) -> None:
    reranker = Reranker(fake_engine, prompt, catalogue, method=method, fusion=WeightedFusion(llm_weight=0.5))  # type: ignore[arg-type]
    assert ids(reranker.rerank(NEW, proposed(catalogue, "tea"))) == ["tea"]
    assert reranker.rerank(NEW, []) == ()
    assert [s.shape for s in reranker.score([Query(history=NEW, items=())])] == [(0,)]


@pytest.mark.parametrize("method", ["packed", "letters"])
def test_500_candidates(fake_engine: FakeEngine, prompt: Prompt, method: str) -> None:
    shop = Catalogue([Item(item_id=str(n), title=f"Title {n}") for n in range(500)])
    reranker = Reranker(fake_engine, prompt, shop, method=method, fusion=WeightedFusion(llm_weight=1))  # type: ignore[arg-type]
    ranked = reranker.rerank(NEW, proposed(shop, *map(str, range(500))))
    assert sorted(ids(ranked), key=int) == [str(n) for n in range(500)]
    assert [p.rank for p in ranked] == list(range(1, 501))


@pytest.mark.parametrize(("count", "lists"), [(1, [1]), (20, [20]), (21, [10, 11]), (41, [13, 14, 14])])
def test_lettered_lists_are_alike_in_length(
    constant: Constant, prompt: Prompt, catalogue: Catalogue, count: int, lists: list[int]
) -> None:
    reranker = Reranker(constant, prompt, catalogue, method="letters", fusion=WeightedFusion(llm_weight=1))
    items = tuple(Item(item_id=str(n), title="x") for n in range(count))
    (scores,) = reranker.score([Query(history=NEW, items=items)])
    assert list(constant.labels) == lists
    np.testing.assert_allclose(np.exp(scores[: lists[0]]).sum(), 1)


def test_several_users_share_a_call(fake_engine: FakeEngine, prompt: Prompt, catalogue: Catalogue) -> None:
    reranker = Reranker(fake_engine, prompt, catalogue, fusion=WeightedFusion(llm_weight=1))
    items = tuple(catalogue)
    queries = [Query(history=NEW, items=items[:2]), Query(history=NEW, items=()), Query(history=NEW, items=items[2:])]
    first, none, rest = reranker.score(queries)
    (together,) = reranker.score([Query(history=NEW, items=items)])
    np.testing.assert_allclose(np.concatenate([first, none, rest]), together)


def test_scores_that_are_not_numbers_are_the_engines_failure(
    constant: Constant, prompt: Prompt, catalogue: Catalogue
) -> None:
    constant.value = float("nan")
    with pytest.raises(EngineError, match="not numbers"):
        Reranker(constant, prompt, catalogue, fusion=WeightedFusion(llm_weight=0)).rerank(
            NEW, proposed(catalogue, "tea")
        )
