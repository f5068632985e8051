"""Numbers that can be worked out by hand: lists of four of which the LLM knows the right one and retrieval does not."""

import numpy as np
import pytest

from eval.lift.measure import ALONE, FUSED, RETRIEVAL, Measure
from eval.lift.scored import ScoredLists
from llm_rerank.learned_fusion.config import TreesConfig

NAMES, OF_LLM = ("rank", "LLM__score"), (1,)


class Features:
    names, of_llm = NAMES, OF_LLM


def lists(users: int, *, llm_knows: bool, wanted: int = 1, seed: int = 0) -> ScoredLists:
    random = np.random.default_rng(seed)
    taken = np.concatenate([np.arange(4) == random.integers(4) for _ in range(users)])
    llm = random.normal(size=4 * users) + 9.0 * taken * llm_knows
    ranks = np.tile(np.arange(1.0, 5.0), users)
    return ScoredLists(
        lengths=np.full(users, 4),
        matrix=np.column_stack([ranks, llm]).astype(np.float32),
        llm=llm,
        retrieval=-ranks,
        taken=taken,
        wanted=np.full(users, wanted),
        history=np.arange(users) % 12 + 1,
    )


def measure(learners: ScoredLists, test: ScoredLists) -> Measure:
    return Measure(learners, test, Features, TreesConfig(trees=30, least_rows=10))  # type: ignore[arg-type]


def test_an_llm_that_knows_lifts() -> None:
    found = measure(lists(120, llm_knows=True), lists(60, llm_knows=True, seed=1))
    rows = {row.name: row for row in found.rows(600)}
    assert found.fitted.order.variant == "one weight"
    assert rows[ALONE].held["ndcg@10"].mean == pytest.approx(1)
    assert rows[FUSED].held["ndcg@10"].mean > 0.99
    assert rows[FUSED].versus["ndcg@10"].p_value < 0.01
    assert rows[FUSED].lift == pytest.approx(
        rows[FUSED].held["ndcg@10"].mean / rows[RETRIEVAL].held["ndcg@10"].mean - 1
    )
    everybody = rows[ALONE].everybody["ndcg@10"]
    assert everybody.mean == pytest.approx(0.1)  # sixty of six hundred
    assert everybody.low < 0.09 < 0.11 < everybody.high
    assert found.calibration_error()[FUSED] < 0.05
    assert found.importance()["LLM__score"] > 0.9


def test_an_llm_that_does_not_know_has_no_say() -> None:
    found = measure(lists(120, llm_knows=False), lists(60, llm_knows=False, seed=1))
    rows = {row.name: row for row in found.rows(None)}
    assert found.fitted.order.variant == "retrieval"
    assert rows[FUSED].held == rows[RETRIEVAL].held
    assert rows[FUSED].lift == 0
    assert rows[FUSED].everybody == {}


def test_what_was_taken_and_is_no_candidate_counts_against_every_order() -> None:
    one, two = (measure(lists(40, llm_knows=True), lists(40, llm_knows=True, wanted=n, seed=1)) for n in (1, 2))
    alone = [next(row for row in found.rows(None) if row.name == ALONE).held for found in (one, two)]
    assert alone[0]["recall@10"].mean == 1
    assert alone[1]["recall@10"].mean == 0.5
    assert alone[1]["ndcg@10"].mean == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_slices_are_of_the_history() -> None:
    (row, *_) = measure(lists(40, llm_knows=True), lists(24, llm_knows=True)).rows(None)
    assert {label: found.users for label, found in row.slices.items()} == {
        "short, 1-4": 8,
        "medium, 5-9": 10,
        "long, 10+": 6,
    }
