from pathlib import Path

import pytest

from eval.code import ROOT, digest
from eval.result import Result
from eval.results import PAGE, main, publish, published, tables
from retrieval.errors import DatasetError
from retrieval.files import write_json

CONFIG = """
benchmark: tiny
title: A tiny benchmark
data: {kind: shop, dataset: {kind: movielens-100k}}
protocol: {split: leave-one-out, part: test}
systems:
  - {name: blend, answers: {kind: popularity}}
goals:
  - {system: blend, metric: ndcg@10, at_least: 0.05, source: a paper}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one benchmark and no result."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs" / "eval").mkdir(parents=True)
    (tmp_path / "configs" / "eval" / "tiny.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def run(place: Path, result: Result) -> Path:
    """A finished run of it, made by today's code."""
    (one,) = published()
    made = result.model_copy(
        update={
            "benchmark": "tiny",
            "config": one.config.model_dump(mode="json"),
            "command": "python -m eval.run --config configs/eval/tiny.yaml",
            "code": {"eval/result.py": digest(ROOT / "eval" / "result.py")},
            "goals": list(one.config.goals),
        }
    )
    write_json(place / "run" / "metrics.json", made.to_json())
    return place / "run"


def test_a_benchmark_without_a_result_is_refused(place: Path) -> None:
    (one,) = published()
    assert one.problem == "missing: run `python -m eval.run --config configs/eval/tiny.yaml` and publish"


def test_a_published_result_is_one_line_a_goal(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(run)
    for words in (["results", "--write"], ["results"]):
        monkeypatch.setattr("sys.argv", words)
        main()
    header, line = capsys.readouterr().out.splitlines()
    assert header.startswith("benchmark\tsplit\tsystem\tmetric\tvalue")
    assert line.startswith("tiny\tleave-one-out, test\tblend\tndcg@10\t0.")
    assert ">= 0.05" in line


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"code": {"eval/result.py": "another"}}, "older than the code that makes it: eval/result.py"),
        ({"code": {"eval/gone.py": "another"}}, "older than the code that makes it: eval/gone.py"),
        ({"command": "python -m eval.run --config mine.yaml"}, "made by `python -m eval.run --config mine.yaml`"),
        ({"config": {}}, "not reproducible from the command it names"),
    ],
    ids=["code changed", "code gone", "other command", "other configuration"],
)
def test_a_result_that_is_no_longer_so(run: Path, result: Result, change: dict[str, object], problem: str) -> None:
    path = publish(run)
    made = Result.model_validate_json(path.read_text()).model_copy(update=change)
    write_json(path, made.to_json())
    assert problem in published()[0].problem


def test_a_setting_that_is_newer_than_the_result_changes_nothing_where_it_is_not_given(run: Path) -> None:
    path = publish(run)
    made = Result.model_validate_json(path.read_text())
    older = {key: value for key, value in made.config.items() if key != "depth"}
    write_json(path, made.model_copy(update={"config": older}).to_json())
    assert published()[0].problem == ""


def test_a_damaged_result_is_that_benchmarks_problem(run: Path) -> None:
    publish(run).write_text("{", encoding="utf-8")
    (one,) = published()
    assert "damaged" in one.problem


def test_a_headline_that_is_newer_than_the_result_is_a_problem_and_no_crash(
    run: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = publish(run)
    write_json(path, Result.model_validate_json(path.read_text()).model_copy(update={"goals": []}).to_json())
    config = place / "configs" / "eval" / "tiny.yaml"
    config.write_text(CONFIG[: CONFIG.index("goals:")] + "headline: recall@100\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["results"])
    with pytest.raises(SystemExit, match="headline was 'ndcg@10' and is now 'recall@100'"):
        main()
    assert "tiny" in capsys.readouterr().out


def test_what_is_refused_is_said_and_the_exit_code_is_1(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["results"])
    with pytest.raises(SystemExit, match="results refused") as end:
        main()
    assert end.value.code != 0


def test_all_results_as_one_page(run: Path, place: Path) -> None:
    publish(run)
    text = tables(published())
    assert "| blend |" in text
    assert "goal >= 0.05" in text
    assert "Refused" not in text


def test_a_page_that_is_not_of_these_results_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(run)
    PAGE.write_text("older")
    monkeypatch.setattr("sys.argv", ["results"])
    with pytest.raises(SystemExit, match="not made from these results"):
        main()


def test_from_elsewhere_there_is_nothing_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="no benchmark here"):
        published()
