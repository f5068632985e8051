from typing import Any

import pytest

from llm_rerank.service.service import Service
from retrieval.errors import EngineError


def effects(callers: Any, item_id: str = "milk", **asked: Any) -> dict[str, Any]:
    reply = callers.post("/v1/effects", {"user_id": "anna", "item_id": item_id} | asked)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_an_item_of_the_ranking_and_why_it_stands_there(callers: Any) -> None:
    (first, *_) = callers.post("/v1/recommend", {"user_id": "anna"}).json()["items"]
    found = effects(callers, first["item_id"])
    assert {name: found[name] for name in ("rank", "score", "llm_score", "sources", "origin", "retrieval_rank")} == {
        name: first[name] for name in ("rank", "score", "llm_score", "sources", "origin", "retrieval_rank")
    }
    assert (found["of"], found["retrieved"], found["available"], found["degraded"]) == (8, True, True, None)
    assert {one["item_id"] for one in found["history"]} == {"milk", "bread", "butter", "coffee"}
    assert sum(part["effect"] for part in found["fusion"]["parts"]) == pytest.approx(first["score"])


def test_why_not_what_is_not_sold(callers: Any) -> None:
    found = effects(callers, "brie")
    assert (found["retrieved"], found["retrieval_rank"], found["available"], found["of"]) == (False, None, False, 9)


def test_what_is_not_in_the_list_has_no_place_of_it(callers: Any) -> None:
    new = [{"item_id": f"n{number}", "title": f"Oat flakes {number} kg"} for number in range(4)]
    callers.post("/v1/items", {"items": new})
    listed = {one["item_id"] for one in callers.post("/v1/recommend", {"user_id": "anna"}).json()["items"]}
    others = [effects(callers, item.item_id) for item in callers.service.recommender.shop.catalogue]
    ranks = [one["retrieval_rank"] for one in others if one["item_id"] not in listed]
    assert sorted(filter(None, ranks)) == [9, 10, 11, 12]


def test_of_a_history_that_is_supposed(callers: Any) -> None:
    found = effects(callers, without=["milk"], added=["tea"])
    assert {one["item_id"] for one in found["history"]} == {"bread", "butter", "coffee", "tea"}
    given = effects(callers, user_id=None, history=[{"item_id": "tea"}])
    assert [one["item_id"] for one in given["history"]] == ["tea"]


def test_without_the_llm(callers: Any, service: Service) -> None:
    service.recommender.reranker.engine.fails = EngineError("out of memory")  # type: ignore[attr-defined]
    found = effects(callers)
    assert (found["history"], found["llm_score"]) == ([], None)
    assert (found["degraded"]["answered_by"], found["degraded"]["reasons"]) == ("retrieval", ["engine"])


def test_a_deadline_is_kept(callers: Any, service: Service) -> None:
    service.recommender.reranker.engine.hold = True  # type: ignore[attr-defined]
    found = effects(callers, deadline_ms=1000)  # on a busy machine 60 ms pass in the queue
    assert found["degraded"]["reasons"] == ["deadline"]


def test_nothing_of_it_is_kept(callers: Any) -> None:
    effects(callers)
    gone = callers.client.delete("/v1/users/anna/history", headers=callers.key("admin")).json()
    assert gone["rankings"] == 0


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"item_id": "caviar"}, 404, "item_id"),
        ({"item_id": ""}, 422, "item_id"),
        ({"history": []}, 422, None),
        ({"without": ["tea"]}, 400, "without"),
        ({"added": ["tea"] * 5001}, 422, "added"),
        ({"top_n": 3}, 422, "top_n"),
    ],
)
def test_what_cannot_be_asked(callers: Any, wrong: dict[str, Any], status: int, param: str | None) -> None:
    reply = callers.post("/v1/effects", {"user_id": "anna", "item_id": "milk"} | wrong)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_another_tenant_s_user_is_nobody(callers: Any) -> None:
    asked = {"user_id": "anna", "item_id": "milk"}
    assert callers.post("/v1/effects", asked, callers.key("read", tenant="other")).json()["history"] == []
    assert callers.post("/v1/effects", asked, callers.key("write")).status_code == 403
