from typing import Any

import pytest

from llm_rerank.prompt import Prompt, PromptConfig


@pytest.fixture
def shown(callers: Any) -> dict[str, Any]:
    answer: dict[str, Any] = callers.post("/v1/recommend", {"user_id": "anna", "top_n": 3, "explained": 1}).json()
    return answer


def say(callers: Any, shown: dict[str, Any], kind: str = "click", **others: Any) -> Any:
    said = {"ranking_id": shown["ranking_id"], "item_id": shown["items"][0]["item_id"], "kind": kind}
    return callers.post("/v1/feedback", said | others)


def test_a_ranking_is_found_by_its_id_with_its_reasons(callers: Any, shown: dict[str, Any]) -> None:
    kept = callers.get(f"/v1/rankings/{shown['ranking_id']}").json()
    assert kept["answer"] == shown
    assert kept["answer"]["items"][0]["explanation"]["text"]
    assert (kept["request"]["user_id"], kept["request"]["top_n"]) == ("anna", 3)
    assert kept["request"]["read"] == [
        i.item_id for i in callers.service.recommender.shop.log.history("anna").interactions
    ]
    assert kept["made_with"]["prompt"] == callers.service.recommender.reranker.prompt.config.fingerprint


def test_what_is_said_of_it_stands_beside_it_once(callers: Any, shown: dict[str, Any]) -> None:
    assert say(callers, shown, key="1").json() == {"known": False}
    assert say(callers, shown, key="1").json() == {"known": True}
    assert say(callers, shown, "like").json() == {"known": False}
    kept = callers.get(f"/v1/rankings/{shown['ranking_id']}").json()
    assert [said["kind"] for said in kept["feedback"]] == ["click", "like"]
    assert say(callers, shown, "hide", key="1").status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"ranking_id": "nothing"}, 404, "ranking_id"),
        ({"item_id": "caviar"}, 400, "item_id"),
        ({"kind": "adore"}, 422, "kind"),
    ],
)
def test_what_cannot_be_said(
    callers: Any, shown: dict[str, Any], wrong: dict[str, Any], status: int, param: str
) -> None:
    reply = say(callers, shown, **wrong)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_another_tenants_ranking_is_not_there(callers: Any, shown: dict[str, Any]) -> None:
    theirs = callers.key("admin", tenant="other")
    assert callers.get(f"/v1/rankings/{shown['ranking_id']}", theirs).status_code == 404
    said = {"ranking_id": shown["ranking_id"], "item_id": shown["items"][0]["item_id"], "kind": "like"}
    assert callers.post("/v1/feedback", said, theirs).status_code == 404


def test_a_forgotten_users_rankings_are_gone(callers: Any, shown: dict[str, Any]) -> None:
    gone = callers.client.delete("/v1/users/anna/history", headers=callers.key("admin")).json()
    assert gone["rankings"] == 1
    assert callers.get(f"/v1/rankings/{shown['ranking_id']}").status_code == 404


def test_a_ranking_is_replayed_to_the_same_scores(callers: Any, shown: dict[str, Any]) -> None:
    again = callers.post(f"/v1/rankings/{shown['ranking_id']}/replay", {}).json()
    assert again["same"]
    assert [item["then"] for item in again["items"]] == [item["llm_score"] for item in shown["items"]]
    assert (again["not_sold"], again["changed"]) == ([], [])


def test_a_replay_says_what_is_not_as_it_was(callers: Any, shown: dict[str, Any]) -> None:
    reranker = callers.service.recommender.reranker
    reranker.adapter, reranker.prompt = "178a", Prompt(reranker.prompt._tokenizer, PromptConfig(history_items=1))
    again = callers.post(f"/v1/rankings/{shown['ranking_id']}/replay", {}).json()
    assert not again["same"]
    assert again["largest_difference"] > 0.001
    assert again["changed"] == ["adapter", "prompt"]


def test_another_tenants_ranking_is_not_replayed(callers: Any, shown: dict[str, Any]) -> None:
    path = f"/v1/rankings/{shown['ranking_id']}/replay"
    assert callers.post(path, {}, callers.key("admin", tenant="other")).status_code == 404
