import shutil
from pathlib import Path

import pytest

from benchmarks.learning import learning
from finetune.training.config import TrainingConfig
from finetune.training.job import ADAPTER, BEGUN, CURVE
from retrieval.errors import BuildError
from retrieval.files import write_json

SHIPPED = Path(__file__).parents[2] / "llm_rerank" / "shipped" / "complete-journey" / "adapter"


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """As a training leaves it, with the demo's adapter."""
    config = TrainingConfig(examples=Path("examples"), lists_per_step=8)
    write_json(tmp_path / "run" / BEGUN, {"plan": "", "config": config.model_dump(mode="json", exclude={"method"})})
    write_json(tmp_path / "run" / CURVE, {"losses": [2.0, 1.0], "validations": [[1, 0.3, 2.0], [2, 0.4, 1.0]]})
    shutil.copytree(SHIPPED, tmp_path / "run" / ADAPTER)
    return tmp_path / "run"


def config_file(folder: Path, lists_per_step: int) -> Path:
    path = folder / "lesson.yaml"
    path.write_text(f"examples: examples\nlists_per_step: {lists_per_step}\n", encoding="utf-8")
    return path


def test_a_training_is_told_with_its_command_and_its_best_validation(training: Path, tmp_path: Path) -> None:
    path = config_file(tmp_path, 8)
    title, table, about, _ = learning(path, training, "two cores")
    assert title == "Training: lesson"
    assert about["command"] == f"python -m finetune.train --config {path} --out {training}"
    assert about["trained on"] == "two cores"
    assert about["trained"].endswith("2 steps of 8 lists")
    assert table.rows == (("1", "8", "0.3000", "2.0000", ""), ("2", "16", "0.4000", "1.0000", "best"))


def test_a_training_that_was_told_something_else_is_refused(training: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="lists_per_step was 8 and is now 16"):
        learning(config_file(tmp_path, 16), training, "two cores")
