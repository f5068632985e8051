import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from llm_rerank.service import auth
from llm_rerank.service.app import create_app
from llm_rerank.service.config import LimitsConfig, ServeConfig
from llm_rerank.service.service import Service
from retrieval.build import build
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.errors import EngineError
from retrieval.indexes.base import ExactConfig
from retrieval.retrievers.model_configs import LightGcnConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.shop import ShopData

ShowKey = Callable[..., dict[str, str]]
LIMITS = LimitsConfig(waiting=1, at_once=1, items=10, explained=2, history=4, body_bytes=2000)


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def test_a_user_gets_a_ranking_with_reasons(callers: Any) -> None:
    answer = callers.post("/v1/recommend", {"user_id": "anna", "top_n": 4, "explained": 2}).json()
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4]
    assert [item["explanation"] is not None for item in answer["items"]] == [True, True, False, False]
    assert (answer["user_id"], answer["scored"], answer["degraded"]) == ("anna", 4, None)
    assert all(item["scored"] and item["retrieval_rank"] > 0 for item in answer["items"])
    assert len(answer["ranking_id"]) == 32
    assert set(answer["timings_ms"]) == {"retrieve", "score", "fuse", "explain"}


def test_a_history_in_place_of_a_user(callers: Any, service: Service) -> None:
    known = service.recommender.shop.log.history("anna").interactions
    given = [{"item_id": one.item_id, "timestamp": one.timestamp.isoformat()} for one in known]
    named, unnamed = ({"user_id": "anna"}, {"history": given})
    answers = [callers.post("/v1/recommend", asked).json() for asked in (named, unnamed)]
    assert ids(answers[0]) == ids(answers[1])
    assert answers[1]["user_id"] != callers.post("/v1/recommend", unnamed).json()["user_id"]
    without_times = [{"item_id": one.item_id} for one in known]
    assert ids(callers.post("/v1/recommend", {"history": without_times}).json()) == ids(answers[0])


def test_a_given_history_belongs_to_nobody_else(callers: Any) -> None:
    answer = callers.post("/v1/recommend", {"history": [{"item_id": "milk"}]}).json()
    path = f"/v1/rankings/{answer['ranking_id']}"
    admin = callers.key("admin")
    assert callers.client.delete("/v1/users/anonymous/history", headers=admin).json()["rankings"] == 0
    assert callers.get(path).status_code == 200
    callers.client.delete(f"/v1/users/{answer['user_id']}/history", headers=admin)
    assert callers.get(path).status_code == 404


def test_where_nobody_is_named_what_is_asked_again_is_found_again(callers: Any, service: Service) -> None:
    seen = salts_seen(service)
    for item_id in ("milk", "tea", "milk"):
        callers.post("/v1/recommend", {"history": [{"item_id": item_id}], "item_ids": ["oat"]})
        callers.post("/v1/rerank", {"query": f"any {item_id}", "documents": ["oat"]})
    assert seen[:2] == seen[4:]
    assert len(set(seen)) == 4


@pytest.mark.parametrize("path", ["/v1/recommend", "/v1/explanations"])
def test_each_tenants_user_has_a_salt_of_its_own(callers: Any, service: Service, path: str) -> None:
    def salts(tenant: str, user_id: str) -> set[str]:
        seen = salts_seen(service)
        callers.post(path, {"user_id": user_id, "item_ids": ["oat"]}, callers.key("read", tenant=tenant))
        return set(seen)

    who = [("shop", "anna"), ("shop", "ben"), ("other", "anna")]
    found = [salts(*one) for one in who]
    assert [len(one) for one in found] == [1, 1, 1]
    assert len(set.union(*found)) == 3
    assert [salts(*one) for one in who] == found  # what is known of a user is found again


def test_retrievers_take_another_tenants_user_for_nobody_of_the_shop(
    serve: Callable[..., Service], show_key: ShowKey, shop: ShopData, config: ServeConfig, tmp_path: Path
) -> None:
    learned = (LightGcnConfig(dimension=4, epochs=20), PopularityConfig(weight=0.01))  # the first knows anna's taste
    sources = RetrievalConfig(embedder=HashingConfig(), index=ExactConfig(), retrievers=learned)
    build(shop, sources, tmp_path / "learned")
    service = serve(recommend=config.recommend.model_copy(update={"shop": tmp_path / "learned", "llm_weight": 0.0}))
    theirs = show_key(service, tenant="other")
    with TestClient(create_app(service), headers=theirs) as client:
        sent = [{"user_id": name, "item_id": "nappies"} for name in ("anna", "somebody else")]
        assert client.post("/v1/interactions", json={"interactions": sent}).status_code == 200
        anna, other = (client.post("/v1/recommend", json={"user_id": one["user_id"]}).json() for one in sent)
        assert ids(anna) == ids(other)
        assert anna["user_id"] == "anna"


def salts_seen(service: Service) -> list[str]:
    """Those under which the engine is asked from now on."""
    seen: list[str] = []
    engine = service.recommender.reranker.engine
    score = engine.score
    engine.score = lambda requests, **others: (  # type: ignore[method-assign]
        seen.extend(request.salt for request in requests) or score(requests, **others)
    )
    return seen


def test_somebody_new_gets_what_is_popular(callers: Any) -> None:
    for asked in ({"user_id": "nobody"}, {"history": []}):
        answer = callers.post("/v1/recommend", asked).json()
        assert answer["items"]
        assert answer["degraded"] is None


def test_the_callers_items_and_no_others(callers: Any) -> None:
    answer = callers.post("/v1/recommend", {"user_id": "anna", "item_ids": ["tea", "oat", "brie"]}).json()
    assert sorted(ids(answer)) == ["brie", "oat", "tea"]


@pytest.mark.parametrize(
    ("asked", "status", "param"),
    [
        ({}, 422, None),
        ({"history": [{"item_id": "tea", "timestamp": "9999-12-31T23:59:59-05:00"}]}, 422, "history.0.timestamp"),
        ({"user_id": "anna", "history": []}, 422, None),
        ({"user_id": ""}, 422, "user_id"),
        ({"user_id": "anna", "top_n": 0}, 422, "top_n"),
        ({"user_id": "anna", "top_n": 11}, 422, "top_n"),
        ({"user_id": "anna", "explained": 3}, 422, "explained"),
        ({"user_id": "anna", "item_ids": ["tea"] * 11}, 422, "item_ids"),
        ({"user_id": "anna", "item_ids": ["caviar"]}, 404, "item_id"),
        ({"user_id": "anna", "language": "la"}, 422, "language"),
        ({"user_id": "anna", "deadline_ms": -1}, 422, "deadline_ms"),
        ({"user_id": "anna", "topn": 3}, 422, "topn"),
        ({"user_id": "anna", "x" * 300: 3}, 422, "x" * 200),
        ({"user_id": "anna", "top_n": True}, 422, "top_n"),
        ({"user_id": "anna", "top_n": "3"}, 422, "top_n"),
        ({"history": [{"item_id": "tea"}] * 5}, 422, "history"),
        ({"history": [{"item_id": "tea", "timestamp": "2026-01-01T00:00:00"}]}, 422, "history.0.timestamp"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    serve: Callable[..., Service], show_key: ShowKey, asked: dict[str, Any], status: int, param: str | None
) -> None:
    service = serve(limits=LIMITS)
    with TestClient(create_app(service)) as client:
        headers = show_key(service)
        reply = client.post("/v1/recommend", json=asked, headers=headers)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'{"user_id": NaN}', b"\xff\xfe", b'{"user_id": "\\ud800"}', b'{"\\ud800": 1}'),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"top_n": %b}' % (b"9" * 9_999), id="long number"),
    ],
)
def test_no_body_makes_it_stumble(callers: Any, body: bytes) -> None:
    headers = callers.key() | {"Content-Type": "application/json"}
    reply = callers.client.post("/v1/recommend", content=body, headers=headers)
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]["message"]


def test_what_is_no_json_is_told_where(callers: Any) -> None:
    headers = callers.key() | {"Content-Type": "application/json"}
    reply = callers.client.post("/v1/recommend", content=b'{"user_id": anna}', headers=headers)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (400, "no_json", None)
    assert error["message"].endswith("at character 12")


def test_a_body_that_is_too_large_is_not_read(serve: Callable[..., Service], show_key: ShowKey) -> None:
    service = serve(limits=LIMITS)
    with TestClient(create_app(service)) as client:
        headers = show_key(service)
        whole = client.post("/v1/recommend", content=b" " * 2001, headers=headers)
        in_pieces = client.post("/v1/recommend", content=iter([b" " * 1500] * 2), headers=headers)
    for reply in (whole, in_pieces):
        assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")


def test_a_deadline_is_kept_and_said(callers: Any, service: Service) -> None:
    service.recommender.reranker.engine.hold = True  # type: ignore[attr-defined]
    answer = callers.post("/v1/recommend", {"user_id": "anna", "explained": 1, "deadline_ms": 60}).json()
    assert answer["degraded"] == {
        "answered_by": "retrieval",
        "because": "retrieval order, no reasons: the deadline of 60 ms has passed",
        "reasons": ["deadline"],
    }
    assert answer["scored"] == 0
    assert [item["retrieval_rank"] for item in answer["items"]] == [item["rank"] for item in answer["items"]]


def test_an_engine_that_fails_degrades(callers: Any, service: Service) -> None:
    service.recommender.reranker.engine.fails = EngineError("out of memory")  # type: ignore[attr-defined]
    answer = callers.post("/v1/recommend", {"user_id": "anna"}).json()
    assert answer["degraded"]["answered_by"] == "retrieval"
    assert "out of memory" in answer["degraded"]["because"]
    assert answer["degraded"]["reasons"] == ["engine"]


def test_who_comes_when_too_many_wait_is_told_when_to_come_again(
    serve: Callable[..., Service], show_key: ShowKey
) -> None:
    service = serve(limits=LIMITS)
    engine = service.recommender.reranker.engine
    with TestClient(create_app(service)) as client:
        headers = show_key(service)
        statuses = list[int]()

        def ask() -> None:
            statuses.append(client.post("/v1/recommend", json={"user_id": "anna"}, headers=headers).status_code)

        engine.held.clear()  # type: ignore[attr-defined]
        engine.hold = True  # type: ignore[attr-defined]
        asking = [Thread(target=ask) for _ in range(2)]
        asking[0].start()
        assert engine.held.wait(5)  # type: ignore[attr-defined]
        asking[1].start()
        while service.admission.waiting < 1:
            pass
        reply = client.post("/v1/recommend", json={"user_id": "anna"}, headers=headers)
        engine.hold = False  # type: ignore[attr-defined]
        for one in asking:
            one.join()
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "overloaded")
    assert int(reply.headers["Retry-After"]) >= 1
    assert statuses == [200, 200]
    assert (service.admission.running, service.admission.waiting) == (0, 0)


def test_a_deadline_that_passes_in_the_queue_is_kept_too(serve: Callable[..., Service], show_key: ShowKey) -> None:
    service = serve(limits=LIMITS)
    engine: Any = service.recommender.reranker.engine
    with TestClient(create_app(service)) as client:
        headers = show_key(service)
        engine.held.clear()
        engine.hold = True
        first = Thread(
            target=client.post, args=["/v1/recommend"], kwargs={"json": {"user_id": "ben"}, "headers": headers}
        )
        first.start()
        assert engine.held.wait(5)
        late = client.post("/v1/recommend", json={"user_id": "anna", "deadline_ms": 50}, headers=headers).json()
        assert service.admission.running == 1  # the first one still is
        engine.hold = False
        first.join()
    assert late["degraded"]["answered_by"] == "popular"
    assert "the deadline of 50 ms has passed" in late["degraded"]["because"]
    assert late["degraded"]["reasons"] == ["overload"]


def test_who_has_no_place_does_not_wait_for_a_thread_either(serve: Callable[..., Service], show_key: ShowKey) -> None:
    service = serve(limits=LimitsConfig(at_once=40))
    engine: Any = service.recommender.reranker.engine
    with TestClient(create_app(service)) as client:
        headers, asked = show_key(service), {"json": {"user_id": "ben"}}
        engine.hold = True
        asking = [
            Thread(target=client.post, args=["/v1/recommend"], kwargs=asked | {"headers": headers}) for _ in range(40)
        ]
        for one in asking:
            one.start()
        while service.admission.running < 40:
            pass
        late = client.post("/v1/recommend", json={"user_id": "anna", "deadline_ms": 50}, headers=headers)
        engine.hold = False
        for one in asking:
            one.join()
    assert late.json()["degraded"]["answered_by"] == "popular"
    assert late.elapsed.total_seconds() < 10


def test_a_database_that_is_gone_costs_the_newest_of_the_history_and_no_answer(
    callers: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_FRESH_SECONDS", 0.0)
    headers, unseen = callers.key(), callers.key()
    assert callers.post("/v1/recommend", {"user_id": "anna"}, headers).status_code == 200
    with service.database.writing() as connection:
        for table in ("interactions", "rankings", "keys"):
            connection.execute(text(f"DROP TABLE {table}"))
    reply = callers.post("/v1/recommend", {"user_id": "anna"}, headers)
    assert reply.status_code == 200
    assert "the history ends where the shop was built" in reply.json()["degraded"]["because"]
    assert reply.json()["degraded"]["reasons"] == ["database"]
    assert reply.json()["ranking_id"] is None
    refused = callers.post("/v1/recommend", {"user_id": "anna"}, unseen)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")


def test_callers_are_not_told_where_the_database_is_nor_what_it_says(
    callers: Any, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    shown = callers.key("admin")
    with service.database.writing() as connection:
        connection.execute(text("DROP TABLE interactions"))
    replies = [callers.post("/v1/recommend", {"user_id": "anna"}, shown), callers.get("/v1/users/anna/history", shown)]
    for reply in replies:
        assert "the database does not answer" in reply.text
        assert not any(said in reply.text for said in ("sqlite", "service.db", "no such table"))
    assert replies[1].json()["error"]["param"] is None
    assert "no such table" in caplog.text


def test_the_openapi_document_can_be_switched_off(serve: Callable[..., Service]) -> None:
    for docs, status in ((True, 200), (False, 404)):
        with TestClient(create_app(serve(docs=docs))) as client:
            assert client.get("/openapi.json").status_code == status
            assert client.get("/docs").status_code == status


def test_the_environment_wins_over_the_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(json.dumps({"port": 1, "limits": {"waiting": 2, "items": 3}}))
    monkeypatch.setenv("LLM_RERANK__LIMITS__WAITING", "7")
    monkeypatch.setenv("LLM_RERANK__DATABASE", "postgresql+psycopg://anna:hush@db/shop")
    read = ServeConfig.read(file)
    assert (read.port, read.limits.waiting, read.limits.items) == (1, 7, 3)
    assert read.shown()["database"] == "postgresql+psycopg://anna:***@db/shop"
    monkeypatch.setenv("LLM_RERANK__DATABASE", "postgresql+psycopg://db/shop?user=anna&password=hush")
    monkeypatch.setenv("LLM_RERANK__CACHE_SECRET", "hush, hush, hush!")
    assert "hush" not in json.dumps(ServeConfig.read(file).shown())
