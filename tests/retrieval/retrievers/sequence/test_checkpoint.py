from contextlib import suppress
from pathlib import Path

import pytest
import torch

from retrieval.errors import BuildError
from retrieval.retrievers.sequence.checkpoint import Checkpoint


def state() -> Checkpoint:
    weights = {"bias": torch.tensor([1.0, 2.0])}
    return Checkpoint(plan="plan", weights=weights, optimizer={"state": {}}, best=weights, losses=[3.0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    state().write(tmp_path / "0.pt")
    return tmp_path / "0.pt"


def test_what_was_written_is_read(path: Path) -> None:
    read = Checkpoint.read(path, "plan")
    assert read is not None
    assert read.weights["bias"].tolist() == [1.0, 2.0]
    assert (read.losses, read.validation, read.done) == ([3.0], [], False)


def test_there_is_none_before_the_first_epoch(tmp_path: Path) -> None:
    assert Checkpoint.read(tmp_path / "0.pt", "plan") is None


def test_one_of_another_training_is_refused(path: Path) -> None:
    with pytest.raises(BuildError, match="other data, settings or seed"):
        Checkpoint.read(path, "another plan")


@pytest.mark.parametrize("whole", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    with pytest.raises(BuildError, match=r"0\.pt is missing, cut short or damaged\. Delete .*0\.pt and run"):
        Checkpoint.read(path, "plan")


def test_one_that_was_cut_short_is_refused_wherever_it_was_cut(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(BuildError, match="damaged"):
            Checkpoint.read(path, "plan")


@pytest.mark.parametrize("content", [[1, 2], {"plan": "plan"}, {"other": 1}, 7])
def test_a_file_of_torch_that_holds_something_else_is_refused(path: Path, content: object) -> None:
    torch.save(content, path)
    with pytest.raises(BuildError, match="damaged"):
        Checkpoint.read(path, "plan")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_one_with_a_flipped_byte_is_read_or_refused(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with suppress(BuildError):
            Checkpoint.read(path, "plan")


def test_without_validation_the_last_epoch_is_the_best() -> None:
    made = state()
    assert made.best_epochs == 1
    made.validation = [0.1, 0.4, 0.4]
    assert made.best_epochs == 2
