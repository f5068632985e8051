import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from finetune.train import main
from llm_rerank.models import PreparedModel


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of examples that are not there, and the command's arguments."""
    path = tmp_path / "train.yaml"
    path.write_text(f"examples: {tmp_path / 'none'}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["train", "--config", str(path), "--out", str(tmp_path / "training")])
    return path


Refuse = Callable[[], str]


@pytest.fixture
def refuse(capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Runs what is expected to fail: the line that it says."""

    def refused() -> str:
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 1
        (line,) = filter(str.strip, capsys.readouterr().err.splitlines())  # where progress stood is nothing
        return line

    return refused


@pytest.mark.usefixtures("config_file")
def test_examples_that_are_not_there_are_named(refuse: Refuse) -> None:
    said = refuse()
    assert said.startswith("finetune.train: ")
    assert "no finished examples" in said


@pytest.mark.usefixtures("config_file")
def test_without_its_libraries_it_names_the_extra(refuse: Refuse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "finetune.training.job", None)
    assert "llm-rerank[finetune]" in refuse()


def test_a_place_that_cannot_be_written_is_one_line(
    config_file: Path, refuse: Refuse, finished: Path, tiny: PreparedModel, tmp_path: Path
) -> None:
    settings = {"examples": str(finished), "model": str(tiny.folder), "prompt": {"history_items": 3}}
    config_file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (tmp_path / "training").touch()
    said = refuse()
    assert said.startswith("finetune.train: ")
    assert "/training: File exists. Check" in said


def test_a_misspelt_setting_is_refused(config_file: Path, refuse: Refuse) -> None:
    config_file.write_text("example: none\n", encoding="utf-8")
    assert "example" in refuse()
