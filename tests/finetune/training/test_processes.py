"""Two processes on the CPU: what a training on many GPUs does, in small."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate import debug_launcher
from accelerate.state import AcceleratorState
from rich.progress import Progress

from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.job import train
from llm_rerank.adapters import Adapter
from retrieval.files import read_json, write_json

Configure = Callable[..., TrainingConfig]
KEPT = "kept.pt"


def work(config: TrainingConfig, folder: Path) -> None:
    """One process's part; it leaves word of how many there were, since a launcher may silently start one."""
    AcceleratorState._reset_state(reset_partial_state=True)  # what the tests before left, copied by the fork
    train(config, folder, Progress(disable=True))
    state = AcceleratorState()
    word = {"processes": state.num_processes, "kind": state.distributed_type.name}
    write_json(folder / f"process-{state.process_index}.json", word)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ends well leaves its last checkpoint, beside where it was."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # accelerate warns where it has to choose
    write = Checkpoint.write

    def twice(self: Checkpoint, path: Path) -> None:
        write(self, path)
        write(self, path.with_name(KEPT))

    monkeypatch.setattr(Checkpoint, "write", twice)


@pytest.mark.usefixtures("kept")
def test_two_processes_train_as_one_does(configure: Configure, tmp_path: Path) -> None:
    # Three lists a step for the one and four for the other, in unlike many passes.
    config = configure(lists_per_step=7, tokens_per_pass=60, validation_lists=3, epochs=0.5)
    debug_launcher(work, (config, tmp_path / "two"), num_processes=2)
    train(config, tmp_path / "one", Progress(disable=True))
    for process in (0, 1):
        word = read_json(tmp_path / "two" / f"process-{process}.json")
        assert word == {"processes": 2, "kind": "MULTI_CPU"}
    one, two = (torch.load(tmp_path / name / KEPT, weights_only=True) for name in ("one", "two"))
    assert two["losses"] == pytest.approx(one["losses"], abs=1e-5)
    torch.testing.assert_close(two["validations"], one["validations"], atol=1e-5, rtol=0)
    torch.testing.assert_close(two["weights"], one["weights"], atol=1e-5, rtol=0)
    Adapter.read(tmp_path / "two" / "adapter")
