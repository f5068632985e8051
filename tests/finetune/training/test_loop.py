import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from finetune.examples import ExampleFolder
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.loop import Training
from finetune.training.ranking import RankingLesson
from finetune.training.scorer import open_scorer
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt
from retrieval.errors import TrainingError
from retrieval.retrievers.base import OnStep

Configure = Callable[..., TrainingConfig]
Train = Callable[..., Checkpoint]
PLAN = "plan"


def in_silence(done: int, steps: int, text: str) -> None:
    pass


def stop_after(steps: int) -> OnStep:
    def on_step(done: int, last: int, text: str) -> None:
        if done == steps:
            raise KeyboardInterrupt

    return on_step


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.pt"


@pytest.fixture
def train(configure: Configure, tiny: PreparedModel, prompt: Prompt, path: Path) -> Train:
    """Trains from the checkpoint on, if there is one; `others` replace what is configured."""

    def run(on_step: OnStep = in_silence, *, plan: str = PLAN, **others: object) -> Checkpoint:
        config = configure(**others)
        accelerator = Accelerator(mixed_precision="no", cpu=True)
        scorer = open_scorer(config, tiny, accelerator.device)
        examples = ExampleFolder(config.examples)
        lesson = RankingLesson(config, examples, prompt)
        return Training(config, lesson, scorer, accelerator, plan, path).run(on_step)

    return run


def assert_close(found: Checkpoint, expected: Checkpoint, *, apart: float = 1e-6) -> None:
    assert found.losses == pytest.approx(expected.losses, abs=1e-6)
    assert np.array(found.validations) == pytest.approx(np.array(expected.validations), abs=1e-6)
    for name in ("weights", "best"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), atol=apart, rtol=0)


@pytest.mark.parametrize("loss", ["softmax", "lambdarank"])
def test_the_good_doors_are_found(train: Train, loss: str) -> None:
    state = train(loss=loss, epochs=3)
    assert state.losses[-1] < 0.5 * state.losses[0]
    assert state.validations[-1][1] > 0.95  # NDCG@10; by chance about 0.5


def test_so_are_their_letters(train: Train, pairs: Path) -> None:
    state = train(method="letters", examples=pairs, epochs=5, validation_lists=12, validate_every=30)
    assert state.losses[-1] < 0.1 * state.losses[0]
    assert state.validations[-1][1] == 1  # NDCG@10; by chance about 0.8


@pytest.mark.parametrize("method", ["packed", "letters"])
@pytest.mark.parametrize("steps", [1, 4])
def test_an_interrupted_training_ends_as_one_that_was_not(train: Train, path: Path, steps: int, method: str) -> None:
    settings = {"lora": {"rank": 4, "dropout": 0.2}, "method": method}
    whole = train(**settings)
    path.unlink()
    with pytest.raises(KeyboardInterrupt):
        train(stop_after(steps), **settings)
    assert_close(train(**settings), whole)


def test_tensorboard_shows_every_step_of_an_interrupted_training_once(train: Train, path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(stop_after(6))  # five are shown, four are kept
    state = train()
    shown = EventAccumulator(str(path.with_name("events")))
    shown.Reload()
    assert [one.step for one in shown.Scalars("training/loss")] == [1, 2, 3, 4, 5, 6]
    assert [one.value for one in shown.Scalars("training/loss")] == pytest.approx(state.losses)
    assert [one.step for one in shown.Scalars("validation/NDCG@10")] == [2, 4, 6]


def test_a_finished_training_has_nothing_left_to_do(train: Train) -> None:
    whole = train()
    assert_close(train(stop_after(1)), whole)


def test_what_is_returned_lies_at_the_path(train: Train, path: Path) -> None:
    state = train()
    found = Checkpoint.read(path, PLAN)
    assert found is not None
    assert found.done
    assert_close(found, state)


def test_a_step_in_many_passes_is_the_step_in_one(train: Train, path: Path) -> None:
    one = train(tokens_per_pass=10_000)
    path.unlink()
    assert_close(train(tokens_per_pass=1), one, apart=1e-5)  # what is summed in another order is rounded otherwise


def test_computing_activations_again_changes_nothing(train: Train, path: Path) -> None:
    kept = train()
    path.unlink()
    assert_close(train(gradient_checkpointing=True), kept)


def test_training_stops_when_validation_gets_no_better(train: Train) -> None:
    state = train(learning_rate=1e-12, validate_every=1, patience=2)
    assert [step for step, *_ in state.validations] == [1, 2, 3]
    assert len(state.losses) == 3
    assert state.best_step == 1


def test_the_best_weights_are_those_of_the_best_validation(train: Train, path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(stop_after(3))
    kept = Checkpoint.read(path, PLAN)
    assert kept is not None
    replace(kept, validations=[(2, 2.0, 0.0)]).write(path)  # none will be as good
    state = train()
    assert state.best_step == 2
    torch.testing.assert_close(state.best, kept.weights)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(state.best, state.weights)


@pytest.mark.parametrize("validation_lists", [0, 100])
def test_without_validation_the_last_weights_count(train: Train, beginners: Path, validation_lists: int) -> None:
    state = train(examples=beginners, validation_lists=validation_lists)
    assert state.validations == []
    assert state.best_step == len(state.losses) == 2
    torch.testing.assert_close(state.best, state.weights)


def test_a_loss_that_is_no_number_ends_it_and_the_checkpoint_before_is_whole(train: Train, path: Path) -> None:
    with pytest.raises(TrainingError, match="learning_rate=1e\\+36: the training loss is no longer a number at step 2"):
        train(learning_rate=1e36, warmup_steps=0, validate_every=1, validation_lists=0)
    kept = Checkpoint.read(path, PLAN)
    assert kept is not None
    assert len(kept.losses) == 1


def test_the_checkpoint_of_another_plan_is_refused(train: Train) -> None:
    train(epochs=0.1)
    with pytest.raises(TrainingError, match="another training"):
        train(plan="another", epochs=0.1)


def test_a_checkpoint_that_is_cut_short_is_refused(train: Train, path: Path) -> None:
    train(epochs=0.1)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TrainingError, match="cut short or damaged"):
        train(epochs=0.1)


def test_a_checkpoint_that_cannot_be_read_now_is_not_called_damaged(train: Train, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(TrainingError, match=r"cannot be read \(.*Is a directory.*Mend that"):
        train()


def test_a_full_disk_leaves_the_checkpoint_before(train: Train, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(stop_after(3))
    before = path.read_bytes()

    def full(state: object, part: Path) -> None:
        part.write_bytes(b"as much as fits")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        train()
    assert path.read_bytes() == before
    monkeypatch.undo()
    assert train().done


def test_work_is_kept_where_validations_are_far_apart(
    train: Train, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(validate_every=6)
    path.unlink()
    monkeypatch.setattr("finetune.training.loop._UNKEPT_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):
        train(stop_after(5), validate_every=6)
    kept = Checkpoint.read(path, PLAN)
    assert kept is not None
    assert len(kept.losses) == 4
    assert_close(train(validate_every=6), whole)
