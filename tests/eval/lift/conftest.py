"""The grocer's last baskets as a lift, with a stand-in for the LLM."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.config import EvalConfig
from eval.lift.config import LiftConfig

SYSTEMS: list[dict[str, object]] = [
    {"name": "popular", "answers": {"kind": "popularity"}},
    {"name": "again", "answers": {"kind": "buy-again"}},
    {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"popular": 1, "again": 2}}},
    {"name": "blend", "answers": {"kind": "blend", "of": ["popular", "again"], "least_rows": 5, "trees": 5}},
]


@pytest.fixture
def lift(configure: Callable[..., EvalConfig], tmp_path: Path) -> Callable[..., LiftConfig]:
    """A configuration; `others` replace its fields, `rules` those of the protocol."""

    def one(rules: dict[str, object] | None = None, **others: object) -> LiftConfig:
        usual = {"split": "last-basket", "part": "test", "seen": "allowed"}
        benchmark = configure(SYSTEMS, protocol=usual | (rules or {}))
        path = tmp_path / "benchmark.yaml"
        path.write_text(json.dumps(benchmark.model_dump(mode="json")), encoding="utf-8")  # JSON is YAML
        config = {
            "lift": "grocer",
            "title": "The grocer",
            "benchmark": path,
            "of": "hybrid",
            "reranker": {"engine": {"kind": "fake"}, "candidates": 10},
            "trees": {"trees": 5, "leaves": 3, "least_rows": 2},
        }
        return LiftConfig.model_validate(config | others)

    return one
