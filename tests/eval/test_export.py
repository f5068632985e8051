import gzip
import json
from pathlib import Path

from eval.config import EvalConfig
from eval.export import export


def test_what_may_be_learnt_from_and_who_is_asked(tmp_path: Path) -> None:
    config = EvalConfig.model_validate(
        {
            "benchmark": "films",
            "title": "Films",
            "data": {"kind": "shop", "dataset": {"kind": "movielens-100k"}},
            "protocol": {"split": "leave-one-out", "part": "test", "users": 5},
            "systems": [{"name": "random", "answers": {"kind": "random"}}],
        }
    )
    export(config, tmp_path)
    with gzip.open(tmp_path / "learnt.jsonl.gz", "rt") as file:
        histories = [json.loads(line) for line in file]
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert len(histories) == 943
    assert (len(asked["users"]), asked["depth"]) == (5, 100)
    assert set(asked["users"]) <= {history["user_id"] for history in histories}
