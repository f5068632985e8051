"""What a user said of items: the next answer obeys it, and what is taken back counts no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.obeying import hidden_by, likes_of, with_likes
from llm_rerank.service.service import Service
from retrieval.errors import EngineError
from retrieval.log import InteractionLog
from retrieval.records import UserHistory
from retrieval.store.feedback import Opinion, OpinionKind
from retrieval.store.moments import now
from retrieval.store.opinions import note_opinion

KINDS: list[OpinionKind] = ["dislike", "have", "hide"]


def answered(callers: Any, **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = callers.post("/v1/recommend", {"user_id": "anna", "top_n": 50} | asked).json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def say(callers: Any, item_id: str, kind: str, user_id: str = "anna") -> None:
    """Of a ranking that shows the item."""
    shown = answered(callers, user_id=user_id, item_ids=[item_id])
    said = {"ranking_id": shown["ranking_id"], "item_id": item_id, "kind": kind}
    assert callers.post("/v1/feedback", said).status_code == 200


def obeyed(callers: Any, user_id: str = "anna") -> list[tuple[str, str]]:
    said = callers.get(f"/v1/users/{user_id}/feedback").json()["feedback"]
    return [(one["item_id"], one["kind"]) for one in said]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_wanted_is_not_proposed_and_the_list_is_as_long(callers: Any, kind: str) -> None:
    before = answered(callers)
    first = ids(before)[0]
    say(callers, first, kind)
    after = answered(callers)
    assert first not in ids(after)
    assert len(ids(after)) == len(ids(before)) == 8
    assert after["obeyed"] == {"hidden": [first], "liked": []}
    assert before["obeyed"] == {"hidden": [], "liked": []}


def test_without_the_llm_and_in_no_time_too(callers: Any, service: Service) -> None:
    before = answered(callers, deadline_ms=0.001)
    first = ids(before)[0]
    say(callers, first, "hide")
    popular = answered(callers, deadline_ms=0.001)
    assert (first in ids(popular), len(ids(popular)), popular["obeyed"]["hidden"]) == (False, 8, [first])
    service.recommender.reranker.engine.fails = EngineError("out of memory")  # type: ignore[attr-defined]
    assert first not in ids(answered(callers))


def test_what_a_request_names_is_ranked_nevertheless(callers: Any) -> None:
    say(callers, "milk", "hide")
    named = answered(callers, item_ids=["milk", "tea"])
    assert (set(ids(named)), named["obeyed"]["hidden"]) == ({"milk", "tea"}, [])


def test_a_like_counts_as_the_newest_act(callers: Any, service: Service) -> None:
    before = answered(callers)
    say(callers, "tea", "like")
    after = answered(callers)
    read = callers.get(f"/v1/rankings/{after['ranking_id']}").json()["request"]["read"]
    assert (read[-1], after["obeyed"]) == ("tea", {"hidden": [], "liked": ["tea"]})
    assert ids(after) != ids(before)
    assert callers.post(f"/v1/rankings/{after['ranking_id']}/replay", {}).json()["same"]
    assert answered(callers, without=["tea"])["obeyed"]["liked"] == []
    assert "tea" not in [one["item_id"] for one in callers.get("/v1/users/anna/history").json()["interactions"]]


def test_what_is_late_while_it_is_scored_is_left_out_of_what_was_proposed(callers: Any, service: Service) -> None:
    proposed, popular = ids(answered(callers)), ids(answered(callers, deadline_ms=0.001))
    differently = (set(proposed) - set(popular)).pop()
    say(callers, differently, "hide")
    service.recommender.reranker.engine.hold = True  # type: ignore[attr-defined]
    late = answered(callers, deadline_ms=2000)
    assert (late["degraded"]["answered_by"], late["degraded"]["reasons"]) == ("retrieval", ["deadline"])
    assert late["obeyed"]["hidden"] == [differently]


def test_a_like_that_changes_nothing_is_not_told(callers: Any, service: Service) -> None:
    say(callers, "tea", "like")
    assert answered(callers, item_ids=["milk", "bread"])["obeyed"]["liked"] == ["tea"]
    service.recommender.reranker.engine.fails = EngineError("out of memory")  # type: ignore[attr-defined]
    assert answered(callers)["obeyed"]["liked"] == ["tea"]
    named = answered(callers, item_ids=["milk", "bread"])
    assert (named["degraded"]["answered_by"], named["obeyed"]["liked"]) == ("request", [])


def test_nor_is_one_of_what_has_left_the_catalogue(callers: Any, service: Service) -> None:
    whose = {"tenant": "shop", "user_id": "anna", "kind": "like", "at": now()}
    with service.database.writing() as connection:
        for item_id in ("tea", "gone"):
            note_opinion(service.database, connection, item_id=item_id, **whose)  # type: ignore[arg-type]
    assert answered(callers)["obeyed"]["liked"] == ["tea"]


def test_it_counts_for_reasons_and_effects_too(callers: Any) -> None:
    before = answered(callers)
    first = ids(before)[0]
    say(callers, first, "hide")
    say(callers, "tea", "like")
    told = callers.post("/v1/explanations", {"user_id": "anna"}).text
    assert f'"hidden":["{first}"],"liked":["tea"]' in told.split("event: evidence")[0]
    found = callers.post("/v1/effects", {"user_id": "anna", "item_id": first}).json()
    assert (found["retrieved"], found["hidden"], found["of"]) == (False, True, 9)
    assert "tea" in {one["item_id"] for one in found["history"]}


def test_what_was_said_last_of_an_item_counts_and_what_was_done_does_not(callers: Any) -> None:
    for kind in ("like", "hide", "take"):
        say(callers, "milk", kind)
    assert obeyed(callers) == [("milk", "hide")]
    say(callers, "milk", "like")
    after = answered(callers)
    assert ("milk" in ids(after), after["obeyed"]) == (True, {"hidden": [], "liked": ["milk"]})


def test_what_is_obeyed_is_told_the_newest_first_and_can_be_taken_back(callers: Any) -> None:
    before = answered(callers)
    say(callers, "milk", "have")
    say(callers, "tea", "like")
    newest, _ = callers.get("/v1/users/anna/feedback").json()["feedback"]
    assert (newest["item_id"], newest["title"], newest["kind"]) == ("tea", "Black tea, 80 bags", "like")
    for item_id, kind in (("milk", "have"), ("tea", "like")):
        gone = callers.client.delete(f"/v1/users/anna/feedback/{item_id}", headers=callers.key("write"))
        assert (gone.status_code, gone.json()["kind"]) == (200, kind)
    assert obeyed(callers) == []
    again = answered(callers)
    assert [(one["item_id"], one["score"]) for one in again["items"]] == [
        (one["item_id"], one["score"]) for one in before["items"]
    ]
    gone = callers.client.delete("/v1/users/anna/feedback/milk", headers=callers.key("write"))
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "no_such_feedback")


def test_ids_may_hold_slashes(callers: Any) -> None:
    callers.post("/v1/items", {"items": [{"item_id": "oats/500 g", "title": "Oat flakes"}]})
    say(callers, "oats/500 g", "hide", "a/b")
    assert obeyed(callers, "a/b") == [("oats/500 g", "hide")]
    path = f"/v1/users/a%2Fb/feedback/{quote('oats/500 g', safe='')}"
    assert callers.client.delete(path, headers=callers.key("write")).status_code == 200


def test_it_is_the_tenant_s_and_the_user_s_alone(callers: Any) -> None:
    before = answered(callers)
    first = ids(before)[0]
    say(callers, first, "hide")
    theirs = callers.key("admin", tenant="other")
    assert callers.get("/v1/users/anna/feedback", theirs).json() == {"feedback": []}
    assert callers.client.delete(f"/v1/users/anna/feedback/{first}", headers=theirs).status_code == 404
    said = {"ranking_id": before["ranking_id"], "item_id": first, "kind": "like"}
    assert callers.post("/v1/feedback", said, theirs).status_code == 404
    for asked, key in (({"user_id": "anna"}, theirs), ({"user_id": "ben"}, callers.key())):
        assert callers.post("/v1/recommend", asked, key).json()["obeyed"]["hidden"] == []
    assert obeyed(callers) == [(first, "hide")]
    history = [{"item_id": "milk"}]
    assert answered(callers, user_id=None, history=history)["obeyed"] == {"hidden": [], "liked": []}


def test_of_a_given_history_it_is_kept_with_the_ranking_alone(callers: Any) -> None:
    shown = answered(callers, user_id=None, history=[{"item_id": "milk"}])
    said = {"ranking_id": shown["ranking_id"], "item_id": ids(shown)[0], "kind": "hide"}
    assert callers.post("/v1/feedback", said).json() == {"known": False}
    assert obeyed(callers, shown["user_id"]) == []
    (kept,) = callers.get(f"/v1/rankings/{shown['ranking_id']}").json()["feedback"]
    assert kept["kind"] == "hide"


def test_a_forgotten_user_s_feedback_is_forgotten(callers: Any) -> None:
    before = answered(callers)
    say(callers, ids(before)[0], "hide")
    callers.client.delete("/v1/users/anna/history", headers=callers.key("admin"))
    assert obeyed(callers) == []
    assert ids(answered(callers)) == ids(before)


def test_who_may(callers: Any) -> None:
    path = "/v1/users/anna/feedback"
    assert callers.get(path, callers.key("write")).status_code == 403
    assert callers.client.delete(f"{path}/milk", headers=callers.key("read")).status_code == 403


def test_of_too_much_the_newest_is_obeyed(serve: Callable[..., Service], show_key: Any) -> None:
    service = serve(limits=LimitsConfig(feedback=1))
    with TestClient(create_app(service), headers=show_key(service)) as client:
        before = client.post("/v1/recommend", json={"user_id": "anna"}).json()
        for item_id in ids(before)[:2]:
            said = {"ranking_id": before["ranking_id"], "item_id": item_id, "kind": "hide"}
            client.post("/v1/feedback", json=said)
        after = client.post("/v1/recommend", json={"user_id": "anna"}).json()
    assert after["obeyed"]["hidden"] == [ids(before)[1]]


def test_no_more_is_read_for_likes_and_what_is_added(serve: Callable[..., Service], show_key: Any) -> None:
    service = serve(limits=LimitsConfig(history=3))

    def read(client: TestClient, **asked: Any) -> tuple[list[str], list[str]]:
        answer = client.post("/v1/recommend", json=asked).json()
        receipt = client.get(f"/v1/rankings/{answer['ranking_id']}").json()
        return receipt["request"]["read"], answer["obeyed"]["liked"]

    with TestClient(create_app(service), headers=show_key(service)) as client:
        shown = client.post("/v1/recommend", json={"user_id": "anna", "item_ids": ["tea"]}).json()
        client.post("/v1/feedback", json={"ranking_id": shown["ranking_id"], "item_id": "tea", "kind": "like"})
        assert read(client, user_id="anna") == (["bread", "milk", "tea"], ["tea"])
        assert read(client, user_id="anna", added=["oat", "rolls"]) == (["tea", "oat", "rolls"], ["tea"])
        assert read(client, user_id="anna", added=["oat", "rolls", "oat"]) == (["oat", "rolls", "oat"], [])
        given = [{"item_id": item_id} for item_id in ("milk", "bread", "tea")]
        assert read(client, history=given, added=["oat"]) == (["bread", "tea", "oat"], [])


def test_a_like_is_no_newer_than_the_newest_act_and_nothing_older_for_it(log: InteractionLog) -> None:
    anna = log.history("anna")
    newest, first = anna.interactions[-1].timestamp, anna.interactions[0].timestamp
    late, early = (Opinion(item_id=i, kind="like", at=at) for i, at in (("tea", now()), ("oat", first)))
    liked = with_likes(anna, likes_of([late, early, Opinion(item_id="brie", kind="hide", at=now())], anna))
    assert len(liked.interactions) == len(anna.interactions) + 2
    assert (liked.interactions[-1].item_id, liked.interactions[-1].timestamp) == ("tea", newest)
    assert [one.item_id for one in liked.interactions if one.timestamp == first] == ["milk", "bread", "oat"]
    assert {one.kind for one in liked.interactions if one.item_id in ("tea", "oat")} == {"rating"}


def test_somebody_s_first_act(log: InteractionLog) -> None:
    at = now() - timedelta(days=1)
    nobody = UserHistory(user_id="new")
    liked = with_likes(nobody, likes_of([Opinion(item_id="tea", kind="like", at=at)], nobody))
    assert [(one.item_id, one.timestamp) for one in liked.interactions] == [("tea", at)]


def test_what_hides() -> None:
    said = [Opinion(item_id=kind, kind=kind, at=now()) for kind in (*KINDS, "like")]  # type: ignore[arg-type]
    assert hidden_by(said) == set(KINDS)
