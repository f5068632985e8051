from pathlib import Path

import pytest

from benchmarks.batch.throughput import (
    Bench,
    Round,
    gpu_table,
    gpu_tokens_per_second,
    rounds_table,
    throughput_promises,
)
from llm_rerank.batch.config import BatchConfig
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.engines.fake import FakeEngine
from retrieval.folder import load_folder

ROUNDS = [Round(users=10, tokens=1000, job=10.0, engine=share * 10, unscored=0.1) for share in (0.8, 0.92, 0.95)]
PUBLISHED = {
    "about": {"device": "a GPU"},
    "cells": [{"k": 100, "history": 50, "packed_tokens": 1}, {"k": 100, "history": 20, "packed_tokens": 500}],
    "users": [{"users": 1, "k": 100, "taken": [9.0]}, {"users": 4, "k": 100, "taken": [5.0, 2.0, 1.0]}],
}


def test_the_middle_round_is_promised() -> None:
    (promise,) = throughput_promises(ROUNDS)
    assert promise.row == ("throughput of a job, share of the engine's", "at least 0.9", "0.92", "met")
    assert rounds_table(ROUNDS).rows[0] == ("1", "10", "100", "1.25", "1.00", "80.0%", "100")


def test_users_an_hour_of_a_gpu_are_those_of_its_tokens() -> None:
    assert gpu_tokens_per_second(PUBLISHED) == 1000
    scoring, shared, fed, least = (row[1] for row in gpu_table(ROUNDS, PUBLISHED).rows)
    assert (scoring, shared, fed, least) == ("36,000", "33,120", "360,000", "33,120")


def test_the_engine_is_asked_what_the_job_asks(
    built_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommend = RecommendConfig(shop=built_folder, engine=EngineConfig(kind="fake"), candidates=4)
    asked: list[set[tuple[int, ...]]] = []
    score = FakeEngine.score

    def heard(self: FakeEngine, requests: object, **more: object) -> object:
        asked.append({request.prefix for request in requests})  # type: ignore[attr-defined]
        return score(self, requests, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEngine, "score", heard)
    users = tmp_path / "users.jsonl"
    users.write_text("\n".join(f'{{"user_id": "{name}"}}' for name in ("anna", "ben", "chloe")))
    bench = Bench(load_folder(built_folder), BatchConfig(recommend=recommend, users_at_once=3), tmp_path)
    found = bench.round(users, engine_first=True)
    bare, of_job = asked
    assert bare == of_job
    assert found.users == 3
    assert found.tokens > 3 * 4
