"""What TensorBoard shows of a training while it goes on: `tensorboard --logdir` of its folder, or of many."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from torch.utils.tensorboard import SummaryWriter

from finetune.training.checkpoint import Checkpoint

EVENTS: Final = "events"
_SECONDS: Final = 10  # until what happened can be seen

Follow = Callable[[Checkpoint], None]
"""Called after every step with what was had so far."""


@contextmanager
def events(folder: Path, state: Checkpoint, measure: str, rate: Callable[[int], float]) -> Iterator[Follow]:
    """Writes what is new in a state that goes on from `state`; `measure` names what validations
    measure, `rate` is the learning rate of a step, from 0.

    Steps are counted from 1. What an interrupted training wrote of steps that it could not keep is taken back, so
    that a series has every step once, however often it was interrupted.
    """
    steps, validations = len(state.losses), len(state.validations)
    with SummaryWriter(folder, purge_step=steps + 1, flush_secs=_SECONDS) as writer:

        def follow(state: Checkpoint) -> None:
            nonlocal steps, validations
            for step, loss in enumerate(state.losses[steps:], start=steps + 1):
                writer.add_scalar("training/loss", loss, step)
                writer.add_scalar("training/learning rate", rate(step - 1), step)
            for step, found, loss in state.validations[validations:]:
                writer.add_scalar(f"validation/{measure}", found, step)
                writer.add_scalar("validation/loss", loss, step)
            steps, validations = len(state.losses), len(state.validations)

        yield follow
