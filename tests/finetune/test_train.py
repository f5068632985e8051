import sys
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


@pytest.mark.usefixtures("config_file")
def test_examples_that_are_not_there_are_named() -> None:
    with pytest.raises(SystemExit, match=r"finetune\.train: .*no finished examples"):
        main()


@pytest.mark.usefixtures("config_file")
def test_without_its_libraries_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "finetune.training.job", None)
    with pytest.raises(SystemExit, match=r"llm-rerank\[finetune\]"):
        main()


def test_a_place_that_cannot_be_written_is_one_line(
    config_file: Path, finished: Path, tiny: PreparedModel, tmp_path: Path
) -> None:
    settings = {"examples": str(finished), "model": str(tiny.folder), "prompt": {"history_items": 3}}
    config_file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (tmp_path / "training").touch()
    with pytest.raises(SystemExit, match=r"finetune\.train: .*/training: File exists\. Check"):
        main()


def test_a_misspelt_setting_is_refused(config_file: Path) -> None:
    config_file.write_text("example: none\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="example"):
        main()
