from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rich.progress import Progress

from eval.lift.config import LiftConfig, LiftGoal
from eval.lift.published import PublishedLift, published_lifts
from eval.lift.run import Lift
from retrieval.files import read_json, write_json

COMMAND = "python -m eval.lift.run --config configs/lift/grocer.yaml"
GOALS = [
    {"figure": "lift", "at_least": 0.1, "source": "a paper"},
    {"row": "retrieval", "figure": "everybody", "at_least": 0.0, "source": "us"},
    {"row": "the LLM alone", "figure": "held", "at_least": 0.5, "source": "us"},
    {"row": "nobody", "figure": "held", "at_least": 0.0, "source": "us"},
    {"row": "the LLM alone", "figure": "lift", "at_least": -0.9, "source": "us"},
]


@pytest.fixture
def place(lift: Callable[..., LiftConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one lift and its result."""
    monkeypatch.chdir(tmp_path)
    config = lift(goals=GOALS)
    path = tmp_path / "configs" / "lift" / "grocer.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    one = Lift(config, Progress(disable=True), tmp_path / "kept")
    one.measure(one.ask_here, tmp_path / "results" / "lift-grocer", COMMAND, "here")
    return tmp_path / "results"


def found(place: Path) -> PublishedLift:
    (one,) = published_lifts(place)
    return one


def test_a_line_a_goal(place: Path) -> None:
    one = found(place)
    assert one.problem == ""
    lines = one.lines()
    assert [(line[2], line[3], line[6], line[7]) for line in lines] == [
        ("fused", "ndcg@10, lift", ">= +10.0%", "missed"),
        ("retrieval", "ndcg@10, everybody", ">= 0.0000", "met"),
        ("the LLM alone", "ndcg@10, held", ">= 0.5000", "met, could be luck"),
        ("nobody", "ndcg@10, held", ">= 0.0000", "not measured"),
        ("the LLM alone", "ndcg@10, lift", ">= -90.0%", "met"),
    ]


def test_a_lift_lies_in_its_interval_and_is_sure_where_all_of_that_is_above_the_goal(place: Path) -> None:
    line = found(place).lines()[-1]
    low, high = (float(end.strip("[]%")) for end in line[5].split(", "))
    assert low < float(line[4].strip("%")) < high
    result = found(place).result
    assert result is not None
    goal = LiftGoal(row="the LLM alone", figure="lift", at_least=(low + 1) / 100, source="us")
    assert result.standing(goal) == "met, could be luck"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"code": {"eval/gone.py": "another"}}, "older than the code that makes it: eval/gone.py"),
        ({"command": "another"}, "made by `another`"),
        ({"config": {}}, "not reproducible"),
        ({"benchmark": {}}, "not reproducible"),
        ({"rows": "none"}, "rows"),
    ],
)
def test_a_result_that_is_no_longer_so(place: Path, change: dict[str, object], problem: str) -> None:
    path = place / "lift-grocer" / "metrics.json"
    write_json(path, read_json(path) | change)
    assert problem in found(place).problem


def test_a_lift_without_a_result_is_refused(place: Path) -> None:
    (place / "lift-grocer" / "metrics.json").unlink()
    assert found(place).problem == f"missing: run `{COMMAND} --out {place / 'lift-grocer'}`"
    assert found(place).lines() == []
