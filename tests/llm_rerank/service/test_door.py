from typing import Any

import pytest

from llm_rerank.service import auth
from retrieval.store.keys import KeyStore

ASKED = {"user_id": "anna", "top_n": 1}


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer llmrr_0_0", "Bearer é"])
def test_nobody_comes_in_without_a_key(callers: Any, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown.encode("latin-1")}
    reply = callers.client.post("/v1/recommend", json=ASKED, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "no_valid_key")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    asked = shown and shown.startswith("Bearer ")
    assert ("not known" if asked else "show a key") in reply.json()["error"]["message"]


def test_a_key_opens_what_its_scopes_name(callers: Any) -> None:
    batch = {"interactions": []}
    read, write, admin = (callers.key(scope) for scope in ("read", "write", "admin"))
    assert [callers.post("/v1/recommend", ASKED, who).status_code for who in (read, write, admin)] == [200, 403, 200]
    assert [callers.post("/v1/interactions", batch, who).status_code for who in (read, write, admin)] == [403, 200, 200]
    forget = [callers.client.delete("/v1/users/anna/history", headers=who).status_code for who in (read, write, admin)]
    assert forget == [403, 403, 200]


def test_a_revoked_key_opens_nothing_once_it_is_no_longer_believed(
    callers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_FRESH_SECONDS", 0.0)
    headers = callers.key("read")
    assert callers.post("/v1/recommend", ASKED, headers).status_code == 200
    store = KeyStore(callers.service.database)
    store.revoke(store.all()[-1].key_id)
    assert callers.post("/v1/recommend", ASKED, headers).status_code == 401


def test_a_key_is_for_so_many_requests_a_minute(callers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(auth, "monotonic", lambda: now[0])
    headers, other = callers.key(per_minute=2), callers.key(per_minute=2)
    assert [callers.get("/v1/users/anna/history", headers).status_code for _ in range(3)] == [200, 200, 429]
    assert callers.get("/v1/users/anna/history", other).status_code == 200
    now[0] += 59
    refused = callers.get("/v1/users/anna/history", headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    now[0] += 1.5
    assert callers.get("/v1/users/anna/history", headers).status_code == 200


def test_tenants_do_not_see_each_other(callers: Any) -> None:
    ours, theirs = callers.key("admin"), callers.key("admin", tenant="other")
    sent = {"interactions": [{"user_id": "anna", "item_id": "tea", "timestamp": "2030-01-01T00:00:00Z", "key": "1"}]}
    assert callers.post("/v1/interactions", sent, theirs).json() == {"accepted": 1, "known": 0, "unknown_items": 0}
    seen = [callers.get("/v1/users/anna/history", who).json()["interactions"] for who in (ours, theirs)]
    assert [done["item_id"] for done in seen[1]] == ["tea"]  # and nothing of what the shop was built from
    assert "2030-01-01T00:00:00Z" not in [done["timestamp"] for done in seen[0]]
    assert callers.client.delete("/v1/users/anna/history", headers=ours).json()["deleted"] == 0
    assert len(callers.get("/v1/users/anna/history", theirs).json()["interactions"]) == 1


def test_another_tenants_user_is_a_stranger(callers: Any) -> None:
    theirs = callers.key(tenant="other")
    known, unknown = (callers.post("/v1/recommend", {"user_id": user}, theirs).json() for user in ("anna", "nobody"))
    assert known["items"] == unknown["items"]
    assert callers.get(f"/v1/rankings/{known['ranking_id']}", theirs).json()["request"]["read"] == []


def test_health_needs_no_key(callers: Any) -> None:
    assert callers.client.get("/healthz").json() == {"status": "ok"}
    ready = callers.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "wrong": []})
    callers.service.ready = False
    assert callers.client.get("/readyz").status_code == 503


def test_a_path_that_is_none(callers: Any) -> None:
    reply = callers.get("/v2/nothing")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "no_such_path")


def test_a_method_that_is_none_is_told_which_are(callers: Any) -> None:
    reply = callers.client.put("/v1/users/anna/history", headers=callers.key())
    assert (reply.status_code, reply.json()["error"]["code"]) == (405, "no_such_method")
    assert reply.headers["Allow"] == "DELETE, GET"
