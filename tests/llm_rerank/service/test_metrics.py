"""What /metrics shows, and to whom."""

import re
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.service.app import create_app
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.metrics import Metrics
from llm_rerank.service.service import Service
from retrieval.errors import EngineError

if TYPE_CHECKING:
    from llm_rerank.engines.vllm import VllmEngine

ShowKey = Callable[..., dict[str, str]]


def shown(client: Any, **headers: str) -> dict[tuple[str, ...], float]:
    """Name and the values of the labels, in the order of their names, to the value."""
    families = text_string_to_metric_families(client.get("/metrics", headers=headers).text)
    return {
        (one.name, *(one.labels[label] for label in sorted(one.labels))): one.value
        for family in families
        for one in family.samples
    }


def test_a_ranking_is_counted_and_its_stages_measured(callers: Any) -> None:
    before = shown(callers.client)
    answer = callers.post("/v1/recommend", {"user_id": "anna", "top_n": 4, "explained": 1}).json()
    now = shown(callers.client)
    request = "POST", "/v1/recommend", "200"
    assert now["llm_rerank_request_seconds_count", *request] == 1
    for stage in ("queue", "history", "retrieve", "score", "fuse", "explain", "keep"):
        assert now["llm_rerank_stage_seconds_count", stage] - before["llm_rerank_stage_seconds_count", stage] == 1
    spent = now["llm_rerank_stage_seconds_sum", "explain"]
    assert spent == pytest.approx(answer["timings_ms"]["explain"] / 1000)
    assert now["llm_rerank_request_seconds_sum", *request] > spent
    assert (now["llm_rerank_answers_total", "llm"], now["llm_rerank_items_total", "yes"]) == (1, 4)
    assert (now["llm_rerank_rankings_total", "kept"], now["llm_rerank_rankings_total", "lost"]) == (1, 0)
    assert sum(value for name, value in now.items() if name[0] == "llm_rerank_degraded_total") == 0


def test_a_ranking_that_streams_is_counted_once_and_each_stage_too(callers: Any) -> None:
    before = shown(callers.client)
    reply = callers.post("/v1/explanations", {"user_id": "anna", "top_n": 4, "explained": 2})
    assert "event: done" in reply.text
    now = shown(callers.client)
    for stage, times in {"queue": 1, "history": 1, "retrieve": 1, "score": 1, "explain": 1, "keep": 2}.items():
        assert now["llm_rerank_stage_seconds_count", stage] - before["llm_rerank_stage_seconds_count", stage] == times
    assert (now["llm_rerank_answers_total", "llm"], now["llm_rerank_rankings_total", "kept"]) == (1, 1)


def test_a_stream_that_breaks_off_is_an_error_too(callers: Any, service: Service, monkeypatch: Any) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError

    monkeypatch.setattr(service.recommender._explainer, "stream", broken)
    assert "event: error" in callers.post("/v1/explanations", {"user_id": "anna", "explained": 1}).text
    assert shown(callers.client)["llm_rerank_errors_total", "internal"] == 1


def test_why_something_is_missing_is_one_of_four_words(callers: Any, service: Service) -> None:
    engine: Any = service.recommender.reranker.engine
    engine.fails = EngineError("out of memory")
    callers.post("/v1/recommend", {"user_id": "anna"})
    callers.post("/v1/rerank", {"query": "milk", "documents": ["tea"]})
    engine.fails, engine.hold = None, True
    callers.post("/v1/recommend", {"user_id": "anna", "deadline_ms": 60})
    engine.hold = False
    headers = callers.key()
    callers.get("/v1/users/anna/history", headers)
    with service.database.writing() as connection:
        for table in ("interactions", "rankings"):
            connection.execute(text(f"DROP TABLE {table}"))
    callers.post("/v1/recommend", {"user_id": "anna"}, headers)
    now = shown(callers.client)
    found = {key[1:]: value for key, value in now.items() if key[0] == "llm_rerank_degraded_total" and value}
    assert found == {
        ("retrieval", "engine"): 1,
        ("request", "engine"): 1,
        ("retrieval", "deadline"): 1,
        ("llm", "database"): 1,
    }
    assert now["llm_rerank_rankings_total", "lost"] == 1
    assert now["llm_rerank_items_total", "no"] > 0


def test_the_queue_is_seen_and_what_passed_in_it_is_overload(serve: Callable[..., Service], show_key: ShowKey) -> None:
    service = serve(limits=LimitsConfig(at_once=1, waiting=1))
    engine: Any = service.recommender.reranker.engine
    with TestClient(create_app(service)) as client:
        headers = show_key(service)
        engine.held.clear()
        engine.hold = True

        def ask(deadline_ms: int) -> int:
            asked = {"user_id": "anna", "deadline_ms": deadline_ms}
            return client.post("/v1/recommend", json=asked, headers=headers).status_code

        first, second = (Thread(target=ask, args=[deadline_ms]) for deadline_ms in (20_000, 2_000))
        first.start()
        assert engine.held.wait(5)
        second.start()
        while service.admission.waiting < 1:
            pass
        now = shown(client)
        assert (now["llm_rerank_running",], now["llm_rerank_waiting",]) == (1, 1)
        assert ask(1000) == 429
        second.join()
        engine.hold = False
        first.join()
        now = shown(client)
    assert now["llm_rerank_degraded_total", "popular", "overload"] == 1
    assert now["llm_rerank_errors_total", "overloaded"] == 1
    assert now["llm_rerank_stage_seconds_sum", "queue"] == pytest.approx(2, abs=0.5)


def test_refusals_are_counted_by_their_code(callers: Any) -> None:
    seldom = callers.key(per_minute=1)
    for _ in range(3):
        callers.get("/v1/users/anna/history", seldom)
    callers.client.post("/v1/recommend", json={})
    callers.post("/v1/interactions", {"interactions": []}, callers.key("read"))
    now = shown(callers.client)
    codes = {key[1]: value for key, value in now.items() if key[0] == "llm_rerank_errors_total"}
    assert codes == {"rate_limited": 2, "no_valid_key": 1, "no_scope": 1}


def test_nobody_can_add_a_label(callers: Any) -> None:
    callers.get("/metrics")
    before = len(shown(callers.client))
    headers = callers.key(per_minute=10_000, tenant="jean-luc")
    for number in range(20):
        callers.client.request(f"BREW{number}", f"/pot/{number}", headers=headers)
        callers.client.get(f"/v1/users/{number}/history?n={number}", headers=headers)
        callers.client.get("/healthz", headers={"X-Request-ID": f"order-{number}"})
    written = callers.client.get("/metrics").text
    of_a_request = 13 + 3  # buckets; count, sum and since when
    assert len(shown(callers.client)) - before == 3 * of_a_request + 2  # and the errors by their code
    for word in ("BREW1", "/pot", "jean-luc", "order-1", headers["Authorization"].split("_")[1]):
        assert word not in written


def test_it_says_what_is_served_and_whether_it_is_ready(callers: Any, service: Service) -> None:
    now = shown(callers.client)
    (built,) = (name for name in now if name[0] == "llm_rerank_build_info")
    assert "fake" in built
    assert service.config.recommend.model in built
    assert now["llm_rerank_ready",] == 1
    service.stopping = True
    assert shown(callers.client)["llm_rerank_ready",] == 0


def test_two_services_count_apart(serve: Callable[..., Service]) -> None:
    with TestClient(create_app(serve())) as one, TestClient(create_app(serve())) as other:
        one.get("/healthz")
        counted = "llm_rerank_request_seconds_count", "GET", "/healthz", "200"
        assert (shown(one).get(counted), shown(other).get(counted)) == (1, None)


@pytest.mark.parametrize(
    ("metrics", "statuses"), [("open", [200, 200, 200]), ("admin", [401, 403, 200]), ("off", [404, 404, 404])]
)
def test_who_may_read_it(serve: Callable[..., Service], show_key: ShowKey, metrics: str, statuses: list[int]) -> None:
    service = serve(metrics=metrics)
    with TestClient(create_app(service)) as client:
        keys: list[dict[str, str]] = [{}, show_key(service), show_key(service, "admin")]
        assert [client.get("/metrics", headers=key).status_code for key in keys] == statuses
        assert ("/metrics" in client.get("/openapi.json").json()["paths"]) == (metrics != "off")


@pytest.mark.slow
def test_what_vllm_counts_in_this_process_is_there_too(vllm_engine: "VllmEngine") -> None:
    asked = ScoringRequest(prefix=tuple(range(100, 200)), continuations=((7,), (8,)), labels=(3, 4), salt="anna")
    for _ in range(2):
        vllm_engine.score([asked])
    now = dict.fromkeys(("running", "waiting", "ready"), lambda: 0.0)
    with_vllm, without = (Metrics({}, now, with_vllm=shown).text().decode() for shown in (True, False))
    (found,) = re.findall(r"^vllm:prefix_cache_hits_total{.*} (.*)$", with_vllm, re.MULTILINE)
    assert float(found) >= 3 * 96  # all but the first, by blocks of 32
    assert "vllm:" not in without
