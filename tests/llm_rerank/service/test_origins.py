"""Where each item of an answer comes from."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from llm_rerank.service.origins import Origins
from retrieval.config import RetrievalConfig
from retrieval.log import InteractionLog
from retrieval.records import SourceScore, UserHistory
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.model_configs import UserKnnConfig
from retrieval.retrievers.popularity import PopularityConfig

EACH = [
    *(("buy-again", "own"), ("text", "new"), ("popularity", "popular"), ("new", "new"), ("item-knn", "others")),
    *(("user-knn-cosine", "others"), ("als", "others"), ("ease", "others"), ("lightgcn", "others")),
    *(("transitions", "others"), ("sequence", "others")),
]


def all_sources() -> RetrievalConfig:
    """One of each kind that there is."""
    union = get_args(RetrieverConfig)[0]
    return RetrievalConfig(retrievers=tuple(kind() for kind in get_args(union)))


def said(source: str, rank: int = 1, score: float = 1.0) -> SourceScore:
    return SourceScore(source=source, rank=rank, score=score)


@pytest.mark.parametrize(("source", "origin"), EACH)
def test_what_each_kind_of_source_stands_for(source: str, origin: str) -> None:
    assert Origins(all_sources()).of("tea", [said(source)]) == origin


def test_no_kind_is_left_out() -> None:
    assert {source for source, _ in EACH} == {one.name for one in all_sources().retrievers} | {"new"}


def test_what_a_source_is_called_does_not_count() -> None:
    pearson = Origins(RetrievalConfig(retrievers=(UserKnnConfig(similarity="pearson"), PopularityConfig())))
    assert pearson.of("tea", [said("user-knn-pearson")]) == "others"


def test_who_placed_it_best_counts_and_of_equals_the_first() -> None:
    origins = Origins(all_sources())
    assert origins.of("tea", [said("buy-again", 3), said("ease", 2), said("text", 9)]) == "others"
    assert origins.of("tea", [said("buy-again", 2), said("ease", 2)]) == "own"
    assert origins.of("tea", []) is None


def test_what_nobody_has_touched_is_not_popular() -> None:
    config = PopularityConfig()
    assert Origins(all_sources()).of("tea", [said("popularity", 4, config.new_item_score)]) == "new"


def test_what_they_have_touched_is_not_new_to_them(log: InteractionLog) -> None:
    anna = Origins(all_sources()).after(log.history("anna"))
    assert anna.of("milk", [said("buy-again", 4), said("ease", 106), said("text", 2)]) == "own"
    assert anna.of("milk", [said("text", 2)]) == "own"
    assert anna.of("milk", [said("buy-again", 4), said("ease", 3), said("text", 2)]) == "others"
    assert anna.of("tea", [said("ease", 106), said("text", 2)]) == "new"
    viewed = [replace(one, kind="view") for one in log.history("anna").interactions]
    looking = Origins(all_sources()).after(UserHistory.of("anna", viewed))
    assert looking.of("milk", [said("ease", 106), said("text", 2)]) == "others"
    assert looking.of("milk", [said("text", 2)]) == "own"


def proposed(callers: Any, **asked: Any) -> dict[str, dict[str, Any]]:
    answer = callers.post("/v1/recommend", {"user_id": "anna", "top_n": 50} | asked).json()
    return {item["item_id"]: item for item in answer["items"]}


def test_an_answer_says_who_proposed_what(callers: Any) -> None:
    items = proposed(callers)
    assert items["milk"]["origin"] == "own"
    assert {one["source"] for one in items["milk"]["sources"]} == {"buy-again", "text", "popularity"}
    assert {item["origin"] for item in proposed(callers, user_id="nobody").values()} <= {"popular", "new"}
    assert min(one["rank"] for one in items["milk"]["sources"]) == 1


def test_what_came_after_the_build_is_new_and_what_a_request_names_is_nobody_s(callers: Any) -> None:
    callers.post("/v1/items", {"items": [{"item_id": "oats", "title": "Oat flakes 500 g"}]})
    oats = proposed(callers)["oats"]
    assert (oats["origin"], [one["source"] for one in oats["sources"]]) == ("new", ["new"])
    named = proposed(callers, item_ids=["oats", "milk"])
    assert [(item["origin"], item["sources"]) for item in named.values()] == [(None, [])] * 2


def test_without_the_llm_too(callers: Any) -> None:
    popular = proposed(callers, deadline_ms=0.001)
    assert popular["milk"]["origin"] == "popular"
