import math
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.faults.asking import NOBODY, Ask, Outcome
from benchmarks.faults.found import Found, fault_promises, faults_table, first_after

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
        (Outcome(ask=ASK, at=0, seconds=1, failed=NOBODY), "cut off"),
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
    assert kept == ["met"] * 6
    error = answered({"error": {"code": "internal"}}, status=500)
    silent = Outcome(ask=ASK, at=0, seconds=1, failed="ReadError")
    for number, broken in enumerate(
        (found(silent), found(error), found(REFERENCE, wrong=(REFERENCE,)), found(kept=2, lost=1), found(left=1))
    ):
        verdicts = [one.verdict for one in fault_promises([broken], patience=10)]
        assert [at for at, verdict in enumerate(verdicts) if verdict == "not met"] == [number]


def test_who_never_recovers_breaks_a_promise() -> None:
    assert first_after([replace(REFERENCE, at=1)], ended=2, fate="full") == math.inf
    assert first_after([replace(REFERENCE, at=3)], ended=2, fate="full") == 2
    assert fault_promises([found(recovery=math.inf)], patience=10)[-1].verdict == "not met"


def test_a_line_has_all_of_a_scenario() -> None:
    refused = answered({"error": {"code": "overloaded"}}, status=429)
    one = found(REFERENCE, refused, refused, kept=3, recovery=0.25)
    assert faults_table([one]).rows == (
        ("s", "fake", "3", "1", "0", "0", "429: 2", "", "0", "0", "0 of 3", "0.2", "1.0"),
    )
