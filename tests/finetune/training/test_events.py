from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from finetune.training.checkpoint import Checkpoint
from finetune.training.events import events


def state(steps: int, *validations: int) -> Checkpoint:
    """After `steps`, with validations after those named; step 3 had loss 3."""
    return Checkpoint(
        plan="plan",
        weights={},
        optimizer={},
        best={},
        losses=[float(step) for step in range(1, steps + 1)],
        validations=[(step, 0.5, 1.0 + step) for step in validations],
    )


def train(folder: Path, start: Checkpoint, *states: Checkpoint) -> None:
    with events(folder, start, "NDCG@10", lambda step: 0.1 * step) as follow:
        for one in states:
            follow(one)


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard draws: step and value, series by series."""
    found = EventAccumulator(str(folder))
    found.Reload()
    return {name: [(one.step, round(one.value, 6)) for one in found.Scalars(name)] for name in found.Tags()["scalars"]}


def test_every_step_has_a_loss_and_a_rate_and_a_validation_what_it_found(tmp_path: Path) -> None:
    train(tmp_path, state(0), state(1), state(2, 2))
    assert shown(tmp_path) == {
        "training/loss": [(1, 1.0), (2, 2.0)],
        "training/learning rate": [(1, 0.0), (2, 0.1)],
        "validation/NDCG@10": [(2, 0.5)],
        "validation/loss": [(2, 3.0)],
    }


def test_a_training_that_goes_on_continues_the_series_and_takes_back_what_it_does_again(tmp_path: Path) -> None:
    train(tmp_path, state(0), state(1), state(2, 2), state(3, 2, 3))
    train(tmp_path, state(2, 2), state(3, 2), state(4, 2, 4))
    found = shown(tmp_path)
    assert [step for step, _ in found["training/loss"]] == [1, 2, 3, 4]
    assert [step for step, _ in found["training/learning rate"]] == [1, 2, 3, 4]
    assert [step for step, _ in found["validation/loss"]] == [2, 4]
