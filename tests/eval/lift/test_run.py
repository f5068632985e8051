import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from pydantic import ValidationError
from rich.progress import Progress

from eval.lift.config import LiftConfig
from eval.lift.llm import read_answers
from eval.lift.page import lift_page
from eval.lift.result import LiftResult
from eval.lift.run import Lift
from llm_rerank.engines.fake import FakeEngine
from retrieval.errors import ConfigError, DatasetError

Configure = Callable[..., LiftConfig]


def opened(config: LiftConfig, folder: Path) -> Lift:
    return Lift(config, Progress(disable=True), folder / "kept")


def measured(config: LiftConfig, folder: Path) -> LiftResult:
    one = opened(config, folder)
    return one.measure(one.ask_here, folder / "out", "the command", "this machine")


def test_everybody_is_asked_before_what_is_held_out(lift: Configure, tmp_path: Path) -> None:
    asked = opened(lift(), tmp_path).asked
    assert {one.history.user_id: sorted(one.relevant) for one in asked["test"]} == {
        "anna": ["milk"],
        "ben": ["coffee"],
        "chloe": ["nappies", "wipes"],
        "dan": ["brie", "tea"],
    }
    anna = next(one for one in asked["learners"] if one.history.user_id == "anna")
    assert sorted(anna.relevant) == ["bread"]
    assert anna.history.item_ids[-1] == "coffee"
    assert all(len(one.candidates) <= 10 and one.held for part in asked.values() for one in part)


@pytest.mark.parametrize("of", ["hybrid", "blend"])
@pytest.mark.parametrize("learn_from", ["all-before", "before-validation"])
def test_a_lift_from_the_data_to_the_page(lift: Configure, tmp_path: Path, of: str, learn_from: str) -> None:
    result = measured(lift({"learn_from": learn_from}, of=of), tmp_path)
    assert result.asked == result.held == 4
    assert [row.name for row in result.rows][:2] == ["retrieval", "the LLM alone"]
    before, fused = result.row("retrieval"), result.row("fused")
    assert before is not None
    assert fused is not None
    assert before.everybody["ndcg@10"].mean == pytest.approx(before.held["ndcg@10"].mean * 4 / result.users)
    assert result.chosen == "retrieval"  # four users prove nothing
    assert fused.held["ndcg@10"].mean == before.held["ndcg@10"].mean
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == result.model_dump(mode="json")
    assert (tmp_path / "out" / "README.md").read_text() == lift_page(result)


def test_what_was_scored_is_not_scored_again(lift: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = measured(lift(), tmp_path)
    monkeypatch.setattr(FakeEngine, "score", None)
    assert measured(lift(), tmp_path).rows == first.rows


def test_questions_for_another_machine_and_its_answers(lift: Configure, tmp_path: Path) -> None:
    one, here = opened(lift(), tmp_path), measured(lift(), tmp_path)
    one.write_questions(tmp_path)
    for part, asked in one.asked.items():
        table = pyarrow.parquet.read_table(tmp_path / f"{part}.parquet")
        scores = [scores.tolist() for scores in one.ask_here(part, asked)]
        answers = table.select(["user_id", "candidates"]).append_column("scores", pyarrow.array(scores))
        pyarrow.parquet.write_table(answers, tmp_path / f"{part}.parquet")
    there = one.measure(
        lambda part, asked: read_answers(tmp_path / f"{part}.parquet", asked), tmp_path / "there", "it", "there"
    )
    assert there.rows == here.rows
    with pytest.raises(DatasetError, match="user_id='anna'"):
        read_answers(tmp_path / "test.parquet", one.asked["learners"])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_answers(tmp_path / "nothing.parquet", one.asked["test"])


def test_some_users_alone_say_nothing_of_everybody(lift: Configure, tmp_path: Path) -> None:
    result = measured(lift(users=2, learners=3), tmp_path)
    assert (result.asked, result.learners, result.held) == (2, 3, 4)
    assert all(row.everybody == {} for row in result.rows)
    assert "| NDCG@10, everybody |" in lift_page(result)


def test_bad_configurations(lift: Configure, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"of='ease'.*'hybrid'"):
        opened(lift(of="ease"), tmp_path)
    for change, named in (
        ({"reranker": {"method": "letters"}}, "method"),
        ({"reranker": {"candidates": 9}}, "candidates"),
        ({"users": 3, "goals": [{"figure": "everybody", "at_least": 1, "source": "us"}]}, "goals"),
    ):
        with pytest.raises(ValidationError, match=named):
            lift(**change)


def test_features_of_the_llm_are_its_scores(lift: Configure, tmp_path: Path) -> None:
    measured(lift(), tmp_path)
    with np.load(tmp_path / "out" / "test.npz") as kept:
        assert kept["lengths"].sum() == len(kept["llm"]) == len(kept["matrix"])
        assert any(np.allclose(column, kept["llm"]) for column in kept["matrix"].T)


def test_a_lift_is_of_one_adapter_and_of_no_channel(lift: Configure) -> None:
    with pytest.raises(ValidationError, match="name the adapter's folder, such as var/adapters/ID"):
        lift(reranker={"engine": {"kind": "fake"}, "adapter": {"registry": "var/adapters"}})
