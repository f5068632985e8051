import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from socket import create_server, socket, socketpair
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from benchmarks.faults.asking import Ask, Outcome, send
from benchmarks.faults.callers import read_slowly
from benchmarks.faults.found import Found, fault_promises, faults_table, first_after
from benchmarks.faults.load import Load
from benchmarks.faults.parts import until_the_end
from retrieval.errors import EngineError

ASK = Ask(path="/v1/recommend", body={"user_id": "anna"}, deadline=1)


def ranking(*scores: float, degraded: Any = None, scored: int | None = None) -> dict[str, Any]:
    """Items a, b, c with these scores, whose LLM score is half of that."""
    items = [{"item_id": name, "score": one, "llm_score": one / 2} for name, one in zip("abc", scores, strict=False)]
    return {"items": items, "degraded": degraded, "scored": len(items) if scored is None else scored}


def answered(body: Any, *, status: int = 200, at: float = 0, seconds: float = 1) -> Outcome:
    return Outcome(ask=ASK, at=at, seconds=seconds, status=status, body=body)


REFERENCE = answered(ranking(3, 2, 1))


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [
        (REFERENCE, "full"),
        (answered(ranking(3, degraded={"because": "vLLM has died"}, scored=0)), "degraded"),
        (answered({"llm_rerank": {"scored": 1}, "results": []}), "full"),
        (answered({"llm_rerank": {"scored": 0, "degraded": {"because": "late"}}, "results": []}), "degraded"),
        (answered({"accepted": 1}), "done"),
        (answered({"error": {"code": "overloaded"}}, status=429), "refused"),
        (answered("Internal Server Error", status=500), "unanswered"),
        (Outcome(ask=ASK, at=0, seconds=1, failed="ReadTimeout"), "unanswered"),
        (Outcome(ask=ASK, at=0, seconds=1, failed="ConnectError", unreached=True), "unanswered"),
        (Outcome(ask=ASK, at=0, seconds=1, failed="ConnectError", unreached=True, due=False), "after the end"),
        (Outcome(ask=ASK, at=0, seconds=1, failed="ReadError", due=False), "unanswered"),
    ],
)
def test_every_request_comes_to_one_end(outcome: Outcome, fate: str) -> None:
    assert outcome.fate == fate


@pytest.mark.parametrize(
    ("body", "like"),
    [
        (ranking(3.0004, 2, 1), True),
        (ranking(3.1, 2, 1), False),
        (ranking(3, 2), False),
        (ranking(3, 2, 1, scored=2), False),
        ({**ranking(3, 2, 1), "items": ranking(3, 2, 1)["items"][::-1]}, False),
    ],
)
def test_a_ranking_is_the_llms_by_items_scores_and_order(body: dict[str, Any], like: bool) -> None:
    assert answered(body).is_like(REFERENCE) is like


def test_probabilities_are_compared_by_their_log_odds() -> None:
    def texts(probability: float) -> Outcome:
        results = [{"index": 0, "relevance_score": probability}]
        return answered({"llm_rerank": {"scored": 1}, "results": results})

    assert texts(1e-6).is_like(texts(1e-6 * 1.0005))
    assert not texts(1e-6).is_like(texts(2e-6))


def found(*outcomes: Outcome, **others: Any) -> Found:
    return Found(scenario="s", engine="fake", outcomes=outcomes, expected=frozenset({200}), **others)


def test_an_answer_that_is_too_late_is_none() -> None:
    assert found(REFERENCE, late := answered({}, seconds=12)).unanswered == (late,)


def test_each_broken_promise_is_told_apart() -> None:
    kept = [one.verdict for one in fault_promises([found(REFERENCE, recovery=2.0)], patience=10)]
    assert kept == ["met"] * 8
    error = answered({"error": {"code": "internal"}}, status=500)
    silent = Outcome(ask=ASK, at=0, seconds=1, failed="ReadError")
    for number, broken in enumerate(
        (
            *(found(silent), found(error), found(REFERENCE, wrong=(REFERENCE,)), found(kept=2, lost=1)),
            *(found(left=1), found(exit_status=-15), found(unkept=1)),
        )
    ):
        verdicts = [one.verdict for one in fault_promises([broken], patience=10)]
        assert [at for at, verdict in enumerate(verdicts) if verdict == "not met"] == [number]


def test_who_never_recovers_breaks_a_promise() -> None:
    assert first_after([replace(REFERENCE, at=1)], ended=2, fate="full") == math.inf
    assert first_after([replace(REFERENCE, at=3)], ended=2, fate="full") == 2
    assert fault_promises([found(recovery=math.inf)], patience=10)[-1].verdict == "not met"


def test_a_model_that_goes_on_for_who_has_left_breaks_a_promise() -> None:
    verdicts = [fault_promises([found(freed=seconds)], patience=100)[-1].verdict for seconds in (1, 6, math.inf)]
    assert verdicts == ["met", "not met", "not met"]


def test_only_a_refused_connection_after_the_notice_is_no_broken_promise() -> None:
    refused = Outcome(ask=ASK, at=4.9, seconds=0, failed="ConnectError", unreached=True)
    dropped = Outcome(ask=ASK, at=6, seconds=0, failed="RemoteProtocolError")
    outcomes = until_the_end([refused, replace(refused, at=5.1), dropped, REFERENCE], end=5)
    assert [one.fate for one in outcomes] == ["unanswered", "after the end", "unanswered", "full"]
    assert outcomes[2].failed == "RemoteProtocolError"


def test_a_refused_connection_is_told_from_one_that_is_dropped() -> None:
    def drop(server: socket) -> None:
        server.accept()[0].close()

    with httpx2.Client() as client, create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with ThreadPoolExecutor(1) as pool:
            pool.submit(drop, server)
            dropped = send(client, url, ASK)
        server.close()
        refused = send(client, url, ASK)
    assert (dropped.unreached, refused.unreached) == (False, True)
    assert dropped.failed


def test_of_a_slow_reader_the_seconds_count_that_it_waits() -> None:
    ours, theirs = socketpair()
    with ours, ThreadPoolExecutor(1) as pool:
        theirs.sendall(b"x" * 1024)  # four pieces and four pauses
        pool.submit(lambda: (sleep(0.5), theirs.sendall(b"y"), sleep(0.3), theirs.close()))
        begun = monotonic()
        read, waited = read_slowly(ours, patience=10)
        took = monotonic() - begun
    assert len(read) == 1025
    assert 0.4 < waited < took - 0.15


def test_a_slow_reader_gives_up_what_is_held_back() -> None:
    ours, theirs = socketpair()
    with ours, theirs:
        theirs.sendall(b"x")
        with pytest.raises(TimeoutError):
            read_slowly(ours, patience=0.1)


def test_a_fault_done_to_an_idle_service_is_an_error() -> None:
    load = Load(None, [])  # type: ignore[arg-type]
    load.outcomes = [answered("no ranking")]
    load.require(lambda one: one.status == 200, 1, seconds=0)
    with pytest.raises(EngineError, match="no ranking"):
        load.require(lambda one: one.fate == "full", 1, seconds=0)


def test_only_a_whole_ranking_claims_its_receipt() -> None:
    claims = {"ranking_id": "1"}
    bodies = (ranking(3) | claims, ranking(3), ranking(3, degraded={"because": "no database"}) | claims)
    assert [answered(body).claims_receipt for body in bodies] == [True, False, False]


def test_the_columns_of_a_line_add_up() -> None:
    fates = [REFERENCE, answered({"accepted": 1}), answered({"error": {"code": "busy"}}, status=503)]
    late = [replace(one, seconds=12) for one in fates]
    silent = Outcome(ask=ASK, at=0, seconds=1, failed="ConnectError", unreached=True)
    row = found(*fates, *late, silent, replace(silent, due=False)).row
    assert row[2:9] == ("8", "1", "0", "1", "503: 1", "1", "4")


def test_a_line_has_all_of_a_scenario() -> None:
    refused = answered({"error": {"code": "overloaded"}}, status=429)
    one = found(REFERENCE, refused, refused, kept=3, recovery=0.25)
    assert faults_table([one]).rows == (
        ("s", "fake", "3", "1", "0", "0", "429: 2", "", "0", "0", "0 of 3", "0.2", "1.0"),
    )
