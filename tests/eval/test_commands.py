from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from eval.commands import compare, eval  # noqa: A004
from eval.config import EvalConfig
from eval.finished import FinishedRun
from retrieval.errors import BuildError

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(eval)
app.command()(compare)
SYSTEMS = [{"name": "random", "answers": {"kind": "random"}}, {"name": "popular", "answers": {"kind": "popularity"}}]


@pytest.fixture
def run(configure: Callable[..., EvalConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs `eval` in a folder, or `compare` where it is told so; what is printed."""
    monkeypatch.chdir(tmp_path)
    config = configure(SYSTEMS).model_dump(mode="json")
    (tmp_path / "grocer.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def one(*words: str) -> str:
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    return one


def test_a_run_prints_its_table_and_two_runs_are_compared(run: Callable[..., str], tmp_path: Path) -> None:
    printed = run("eval", "--config", "grocer.yaml", "--out", "first")
    assert "| system | ndcg@10 [95 %] |" in printed
    assert "Report: first/report.html" in printed
    assert "<!doctype html>" in (tmp_path / "first" / "report.html").read_text(encoding="utf-8")
    assert "python -m eval.run --config grocer.yaml" in FinishedRun.read(tmp_path / "first").result.command
    run("eval", "--config", "grocer.yaml", "--out", "second")
    popular, chance, said = run("compare", "first", "second", "--out", "both.html").splitlines()
    assert said == "Comparison: both.html"
    assert sorted(line.split(":")[0] for line in (popular, chance)) == ["popular", "random"]
    assert popular.endswith(": the same")
    assert "<td>the same</td>" in (tmp_path / "both.html").read_text(encoding="utf-8")


def test_runs_of_different_code_are_what_is_compared(run: Callable[..., str], tmp_path: Path) -> None:
    run("eval", "--config", "grocer.yaml", "--out", "first")
    metrics = tmp_path / "first" / "metrics.json"
    metrics.write_text(metrics.read_text(encoding="ascii").replace('"eval/answers.py": "', '"eval/answers.py": "0'))
    with pytest.raises(BuildError, match=r"made before eval/answers\.py changed"):
        run("eval", "--config", "grocer.yaml", "--out", "first")
    run("compare", "first", "first", "--out", "both.html")


def test_overwrite_measures_again_and_spares_what_is_no_run(run: Callable[..., str], tmp_path: Path) -> None:
    run("eval", "--config", "grocer.yaml", "--out", "first")
    (tmp_path / "first" / "metrics.json").write_text("{", encoding="ascii")
    run("eval", "--config", "grocer.yaml", "--out", "first", "--overwrite")
    (tmp_path / "first" / "thesis.tex").touch()
    with pytest.raises(BuildError, match=r"thesis\.tex"):
        run("eval", "--config", "grocer.yaml", "--out", "first", "--overwrite")


def test_a_run_that_is_not_finished_is_not_compared(run: Callable[..., str]) -> None:
    with pytest.raises(BuildError, match="no finished run"):
        run("compare", "nowhere", "nowhere", "--out", "both.html")
