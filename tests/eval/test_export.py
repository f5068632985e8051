import gzip
import json
from pathlib import Path

from eval.config import EvalConfig
from eval.export import export
from retrieval.datasets.base import MovieLensConfig, load_dataset


def test_what_may_be_learnt_from_and_who_is_asked(tmp_path: Path) -> None:
    config = EvalConfig.model_validate(
        {
            "benchmark": "films",
            "title": "Films",
            "data": {"kind": "shop", "dataset": {"kind": "movielens-100k"}},
            "protocol": {"split": "leave-one-out", "part": "test", "users": 5, "learn_from": "before-validation"},
            "systems": [{"name": "random", "answers": {"kind": "random"}}],
        }
    )
    export(config, tmp_path)
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert (len(asked["users"]), asked["depth"]) == (5, 100)
    learnt, known = read(tmp_path / "learnt.jsonl.gz"), read(tmp_path / "histories.jsonl.gz")
    whole = load_dataset(MovieLensConfig(kind="movielens-100k")).shop.log.history("1").interactions
    assert known["1"] == [interaction.item_id for interaction in whole][:-1]
    assert learnt["1"] == known["1"][:-1]
    assert set(asked["users"]) <= set(learnt) == set(known)


def read(path: Path) -> dict[str, list[str]]:
    with gzip.open(path, "rt") as file:
        rows = [json.loads(line) for line in file]
    return {row["user_id"]: row["item_ids"] for row in rows}
