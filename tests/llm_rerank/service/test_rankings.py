from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from retrieval.store.rankings import RankingStore


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
    assert kept["made_with"]["model"] == prepare_model(callers.service.config.recommend.model).fingerprint


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


def test_a_user_forgotten_while_they_are_answered_does_not_come_back(callers: Any) -> None:
    engine, admin, asked = callers.service.recommender.reranker.engine, callers.key("admin"), {"user_id": "anna"}
    engine.held.clear()
    engine.hold = True
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(callers.post, "/v1/recommend", asked, admin)
        assert engine.held.wait(20)
        assert callers.client.delete("/v1/users/anna/history", headers=admin).status_code == 200
        engine.hold = False
    assert (asking.result().status_code, asking.result().json()["ranking_id"]) == (200, None)
    gone = callers.client.delete("/v1/users/anna/history", headers=admin).json()
    assert gone["rankings"] == 0
    assert callers.post("/v1/recommend", asked, admin).json()["ranking_id"]


def test_what_is_said_of_a_ranking_that_is_forgotten_meanwhile_is_not_kept(
    callers: Any, shown: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up, rankings = callers.service.rankings.get, callers.service.rankings

    def forgotten_then(tenant: str, ranking_id: str) -> Any:
        found = looked_up(tenant, ranking_id)
        rankings.forget(tenant, "anna")
        return found

    monkeypatch.setattr(rankings, "get", forgotten_then)
    assert say(callers, shown).status_code == 404


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
    assert again["changed"] == ["adapter", "history", "prompt"]


def replayed(callers: Any, answer: dict[str, Any]) -> Any:
    return callers.post(f"/v1/rankings/{answer['ranking_id']}/replay", {})


@pytest.mark.parametrize(("item_id", "cause"), [("milk", "history"), ("brie", "items")])
def test_a_title_that_changed_since_is_named(callers: Any, item_id: str, cause: str) -> None:
    asked = {"history": [{"item_id": "milk"}], "item_ids": ["tea", "brie"]}
    answer = callers.post("/v1/recommend", asked).json()
    callers.post("/v1/items", {"items": [{"item_id": item_id, "title": "Something else altogether"}]})
    again = replayed(callers, answer).json()
    assert (again["same"], again["changed"]) == (False, [cause])


def test_what_the_model_did_not_score_is_not_replayed(callers: Any) -> None:
    answer = callers.post("/v1/recommend", {"user_id": "anna", "deadline_ms": 0.001}).json()
    reply = replayed(callers, answer)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "not_replayable")


def test_what_cannot_be_compared_is_not_the_same(callers: Any, shown: dict[str, Any]) -> None:
    sold = change_kept(callers, shown, "answer", lambda answer: answer["items"][0].update(item_id="caviar"))
    again = replayed(callers, sold).json()
    assert (again["same"], again["not_sold"], len(again["items"])) == (False, ["caviar"], 2)


def test_a_receipt_of_before_is_replayed(callers: Any, shown: dict[str, Any]) -> None:
    def as_before(made_with: dict[str, Any]) -> None:
        del made_with["history"], made_with["items"]
        made_with["model"] = "smollm2-135m-instruct"

    again = replayed(callers, change_kept(callers, shown, "made_with", as_before)).json()
    assert (again["same"], again["changed"]) == (True, [])


def change_kept(callers: Any, shown: dict[str, Any], part: str, change: Callable[[Any], None]) -> dict[str, Any]:
    """The receipt is what another build, or an older version, would have left."""
    store = RankingStore(callers.service.database)
    kept = store.get("shop", shown["ranking_id"])
    assert kept is not None
    change(kept.document[part])
    store.change("shop", shown["ranking_id"], kept.document)
    return shown


def test_another_tenants_ranking_is_not_replayed(callers: Any, shown: dict[str, Any]) -> None:
    path = f"/v1/rankings/{shown['ranking_id']}/replay"
    assert callers.post(path, {}, callers.key("admin", tenant="other")).status_code == 404
