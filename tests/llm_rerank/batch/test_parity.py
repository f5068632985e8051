"""One way to score, online and in bulk."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.here import rank_here
from llm_rerank.batch.job import Job
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.models import PreparedModel
from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.service import Service
from retrieval.store.keys import KeyStore

SOLD = ("milk", "butter", "cheddar", "bread", "rolls", "biscuits", "coffee", "tea", "nappies", "wipes")


@pytest.fixture
def recommend(built_folder: Path, tiny_base: PreparedModel) -> RecommendConfig:
    """A transformer, so that lists that share a pass could touch each other."""
    engine = EngineConfig(device="cpu")
    return RecommendConfig(shop=built_folder, model=str(tiny_base.folder), engine=engine, candidates=6, llm_weight=0.5)


def online(recommend: RecommendConfig, users: list[dict[str, Any]], database: Path) -> list[list[dict[str, Any]]]:
    service = Service.open(ServeConfig(recommend=recommend, database=f"sqlite:///{database}"), say=print)
    key, _ = KeyStore(service.database).create("shop", ("read",), 10_000)
    with TestClient(create_app(service), headers={"Authorization": f"Bearer {key}"}) as client:
        asked = [{"history": [{"item_id": done} for done in user["history"]], "top_n": 6} for user in users]
        return [client.post("/v1/recommend", json=one).json()["items"] for one in asked]


def test_two_hundred_users_have_the_same_scores_online_and_in_bulk(recommend: RecommendConfig, tmp_path: Path) -> None:
    dice = Random(0)
    users = [{"user_id": str(n), "history": dice.choices(SOLD, k=dice.randint(0, 9))} for n in range(200)]
    (tmp_path / "users.jsonl").write_text("\n".join(map(json.dumps, users)))
    config = BatchConfig(recommend=recommend, top_n=6, shard_users=90, users_at_once=16)

    class Silent:
        def reads(self, users: int) -> None: ...

        def ranks(self, users: int, *, of: int) -> None: ...

    Job(config=config, users=tmp_path / "users.jsonl", out=tmp_path / "out").run(rank_here, Silent())
    in_bulk = [row for path in sorted((tmp_path / "out").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert [row["user_id"] for row in in_bulk] == [user["user_id"] for user in users]
    for bulk, answer in zip(in_bulk, online(recommend, users, tmp_path / "service.db"), strict=True):
        of_bulk = {item["item_id"]: (item["score"], item["llm_score"]) for item in bulk["items"]}
        of_answer = {item["item_id"]: (item["score"], item["llm_score"]) for item in answer}
        assert of_bulk.keys() == of_answer.keys()
        for item_id, scores in of_bulk.items():
            assert scores == pytest.approx(of_answer[item_id], abs=1e-3)
