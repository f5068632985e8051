from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.service import Service

NOON = "2030-01-05T12:00:00+01:00"  # after all that the shop was built from


def one(item: str = "tea", user: str = "anna", **others: Any) -> dict[str, Any]:
    return {"user_id": user, "item_id": item, "timestamp": NOON} | others


def history(callers: Any, user: str = "anna", headers: dict[str, str] | None = None) -> list[str]:
    answer = callers.get(f"/v1/users/{user}/history", headers).json()
    return [done["item_id"] for done in answer["interactions"]]


def test_what_is_sent_counts_in_the_next_answer(callers: Any) -> None:
    before = callers.post("/v1/recommend", {"user_id": "nobody"}).json()
    reply = callers.post("/v1/interactions", {"interactions": [one("brie", "nobody"), one("tea", "nobody")]})
    assert reply.json() == {"accepted": 2, "known": 0, "unknown_items": 0}
    assert history(callers, "nobody") == ["brie", "tea"]
    after = callers.post("/v1/recommend", {"user_id": "nobody"}).json()
    assert [i["llm_score"] for i in after["items"]] != [i["llm_score"] for i in before["items"]]


def test_a_batch_sent_again_counts_once(callers: Any) -> None:
    batch = {"interactions": [one("tea"), one("brie")]}
    headers = callers.key() | {"Idempotency-Key": "order 17"}
    assert callers.post("/v1/interactions", batch, headers).json() == {"accepted": 2, "known": 0, "unknown_items": 0}
    assert callers.post("/v1/interactions", batch, headers).json() == {"accepted": 2, "known": 2, "unknown_items": 0}
    keyed = {"interactions": [one("tea", key="line 1")]}
    assert [callers.post("/v1/interactions", keyed).json()["known"] for _ in range(2)] == [0, 1]
    assert len(history(callers)) == len(history(callers, headers=callers.key())) == 3 + built(callers)


def test_what_a_user_searched_for_is_shown_and_items_that_are_not_sold_are_counted(callers: Any) -> None:
    sent = [one("caviar"), one("tea", kind="search", text="something warm")]
    assert callers.post("/v1/interactions", {"interactions": sent}).json()["unknown_items"] == 1
    told = callers.get("/v1/users/anna/history").json()["interactions"]
    assert [done["text"] for done in told[-2:]] == ["", "something warm"]


def built(callers: Any) -> int:
    return len(callers.service.recommender.shop.log.history("anna").interactions)


def test_a_key_of_something_else_is_refused_with_the_batch(callers: Any) -> None:
    callers.post("/v1/interactions", {"interactions": [one("tea", key="1")]})
    reply = callers.post("/v1/interactions", {"interactions": [one("oat"), one("brie", key="1")]})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "key")
    assert len(history(callers)) == 1 + built(callers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": "2030-01-05T12:00:00"},
        {"timestamp": 1_900_000_000},  # seconds, or milliseconds: nobody knows
        {"timestamp": "1900000000"},
        {"timestamp": "0001-01-01T00:00:00+14:00"},  # in UTC before the year 1
        {"timestamp": "9999-12-31T23:59:59-14:00"},
        {"kind": "theft"},
        {"rating": "NaN"},
        {"rating": True},
        {"item_id": "x" * 257},
        {"user_id": " "},
        {"user_id": "a\x00b"},
        {"key": "\ud800"},
        {"text": "a\x00b"},
        {"colour": "red"},
    ],
)
def test_what_is_sent_wrongly_is_told_and_nothing_is_kept(callers: Any, wrong: dict[str, Any]) -> None:
    reply = callers.post("/v1/interactions", {"interactions": [one("oat"), one() | wrong]})
    assert reply.status_code in (400, 422)
    assert next(iter(wrong)) in reply.json()["error"]["param"]
    assert len(history(callers)) == built(callers)


@pytest.mark.parametrize(("own", "headers"), [({"key": "line 1"}, {}), ({}, {"Idempotency-Key": "order 18"})])
def test_without_a_time_it_counts_once_too(callers: Any, own: dict[str, str], headers: dict[str, str]) -> None:
    batch = {"interactions": [{"user_id": "nobody", "item_id": "tea"} | own]}
    answers = [callers.post("/v1/interactions", batch, callers.key() | headers).json() for _ in range(2)]
    assert answers == [{"accepted": 1, "known": 0, "unknown_items": 0}, {"accepted": 1, "known": 1, "unknown_items": 0}]
    assert history(callers, "nobody") == ["tea"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_moment(callers: Any, at: str) -> None:
    callers.post("/v1/interactions", {"interactions": [one("tea", "nobody", timestamp=at)]})
    (done,) = callers.get("/v1/users/nobody/history").json()["interactions"]
    assert done["timestamp"] == at
    given = [{"item_id": "tea", "timestamp": at}, {"item_id": "milk"}]
    for asked in ({"user_id": "nobody"}, {"history": given}):
        assert callers.post("/v1/recommend", asked).json()["degraded"] is None


def test_an_item_that_nobody_sells_is_kept_and_has_no_title(callers: Any) -> None:
    callers.post("/v1/interactions", {"interactions": [one("caviar", "nobody")]})
    (done,) = callers.get("/v1/users/nobody/history").json()["interactions"]
    assert (done["item_id"], done["title"]) == ("caviar", "")
    assert callers.post("/v1/recommend", {"user_id": "nobody"}).status_code == 200


def test_what_was_sent_and_then_built_from_counts_once(callers: Any) -> None:
    known = callers.service.recommender.shop.log.history("anna").interactions
    sent = [one(done.item_id, timestamp=done.timestamp.isoformat(), kind=done.kind) for done in known]
    another = sent[-1] | {"kind": "view"}
    callers.post("/v1/interactions", {"interactions": [*sent, another, one("brie")]})
    assert history(callers) == [*(done.item_id for done in known), known[-1].item_id, "brie"]


def test_as_much_is_shown_and_counted_as_there_is_whatever_a_request_reads(
    serve: Callable[..., Service], show_key: Callable[..., dict[str, str]]
) -> None:
    service = serve(limits=LimitsConfig(history=1))
    path, shown = "/v1/users/anna/history", show_key(service, "admin")
    with TestClient(create_app(service)) as client:
        there = client.get(path, headers=shown).json()["interactions"]
        assert len(there) == len(service.recommender.shop.log.history("anna").interactions) > 2
        assert client.get(f"{path}?newest=2", headers=shown).json()["interactions"] == there[-2:]
        assert client.delete(path, headers=shown).json()["built_from"] == len(there)
    assert len(service.histories.of("shop", "anna").interactions) == 1


def test_a_user_is_forgotten(callers: Any) -> None:
    callers.post("/v1/interactions", {"interactions": [one(), one("brie")]})
    headers = callers.key("admin")
    reply = callers.client.delete("/v1/users/anna/history", headers=headers)
    assert reply.json() == {"deleted": 2, "rankings": 0, "built_from": built(callers)}
    assert len(history(callers)) == built(callers)
