"""A purchase taken away, another one added: the answer is that of such a history."""

from typing import Any

import pytest
from sqlalchemy import text

from llm_rerank.service.service import Service


def answered(callers: Any, **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = callers.post("/v1/recommend", asked).json()
    return answer


def places(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return [(item["item_id"], item["score"]) for item in answer["items"]]


def test_the_answer_is_that_of_the_history_that_is_supposed(callers: Any, service: Service) -> None:
    supposed = answered(callers, user_id="anna", without=["milk", "coffee"], added=["tea"])
    known = [(one.item_id, one.timestamp) for one in service.recommender.shop.log.history("anna").interactions]
    acts = [(item_id, at) for item_id, at in known if item_id not in ("milk", "coffee")] + [("tea", known[-1][1])]
    history = [{"item_id": item_id, "timestamp": at.isoformat()} for item_id, at in acts]
    assert places(supposed) == places(answered(callers, history=history))
    assert places(supposed) != places(answered(callers, user_id="anna"))


def test_the_receipt_says_so_and_is_replayed(callers: Any) -> None:
    supposed = answered(callers, user_id="anna", without=["milk"], added=["tea"])
    path = f"/v1/rankings/{supposed['ranking_id']}"
    request = callers.get(path).json()["request"]
    assert (request["without"], request["added"]) == (["milk"], ["tea"])
    assert request["read"] == ["bread", "butter", "coffee", "bread", "tea"]
    assert callers.post(f"{path}/replay", {}).json()["same"]


def test_a_given_history_may_be_supposed_too(callers: Any) -> None:
    given = [{"item_id": "milk"}, {"item_id": "bread"}]
    supposed = answered(callers, history=given, without=["bread"], added=["tea", "oat"])
    acts = [{"item_id": item_id} for item_id in ("milk", "tea", "oat")]
    assert places(supposed) == places(answered(callers, history=acts))


def test_the_last_moment_that_there_is(callers: Any) -> None:
    given = [{"item_id": "milk", "timestamp": "9999-12-31T23:59:59.999999Z"}]
    assert answered(callers, history=given, added=["tea"])["items"]


def test_a_user_s_salt_stays_theirs(callers: Any, service: Service) -> None:
    seen: list[str] = []
    engine = service.recommender.reranker.engine
    score = engine.score
    engine.score = lambda requests, **others: (  # type: ignore[method-assign]
        seen.extend(request.salt for request in requests) or score(requests, **others)
    )
    for asked in ({"user_id": "anna"}, {"user_id": "anna", "added": ["tea"]}, {"user_id": "ben", "added": ["tea"]}):
        answered(callers, **asked)
    answered(callers, history=[{"item_id": "milk"}], added=["tea"])
    answered(callers, history=[{"item_id": "milk"}, {"item_id": "tea"}])
    assert seen[0] == seen[1] != seen[2]
    assert seen[3] == seen[4]
    assert len(set(seen)) == 3


@pytest.mark.parametrize("path", ["/v1/recommend", "/v1/explanations"])
@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"without": ["tea"]}, 400, "without"),
        ({"added": ["caviar"]}, 400, "added"),
        ({"added": [""]}, 422, "added.0"),
        ({"without": ["milk"] * 5001}, 422, "without"),
        ({"added": ["tea"] * 5001}, 422, "added"),
    ],
)
def test_what_cannot_be_supposed_is_named(
    callers: Any, path: str, wrong: dict[str, Any], status: int, param: str
) -> None:
    reply = callers.post(path, {"user_id": "anna"} | wrong)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_of_a_history_that_cannot_be_read_nobody_knows_what_it_does_not_have(callers: Any, service: Service) -> None:
    headers = callers.key()
    assert callers.post("/v1/recommend", {"user_id": "anna"}, headers).status_code == 200
    with service.database.writing() as connection:
        connection.execute(text("DROP TABLE interactions"))
    reply = callers.post("/v1/recommend", {"user_id": "anna", "without": ["tea"]}, headers)
    assert (reply.status_code, reply.json()["degraded"]["reasons"]) == (200, ["database"])
