"""How a training says how far it is: a bar on a terminal; in a log, where a bar shows only when all is over, lines."""

from time import monotonic
from typing import Final

from rich.progress import Progress

from retrieval.progress import telling
from retrieval.retrievers.base import OnStep

_SECONDS: Final = 20.0  # between two lines


def telling_of_training(progress: Progress) -> OnStep:
    """Shows every step, or tells of one now and then."""
    if progress.console.is_terminal or progress.disable:
        return telling(progress, "training")
    told = -_SECONDS

    def on_step(done: int, steps: int, text: str) -> None:
        nonlocal told
        if monotonic() - told >= _SECONDS or done == steps:
            told = monotonic()
            progress.console.print(
                f"training: {done} of {steps}, {text}", highlight=False, markup=False, soft_wrap=True
            )

    return on_step
