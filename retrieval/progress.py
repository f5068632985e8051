"""Progress bars on stderr: what is printed to stdout is the answer."""

from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from retrieval.retrievers.base import OnStep


def showing_progress() -> Progress:
    """Bars for what is going on; use as a context manager."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


_SECONDS = 20.0
"""Between the lines that a log gets instead of a bar: a bar is drawn there once, when all is over."""


def telling(progress: Progress, name: str) -> OnStep:
    """Shows how far something is on a bar of its own, from its first step on; in a log, by a line now and then."""
    task = progress.add_task(name, total=None, visible=False)
    said = -_SECONDS

    def on_step(done: int, steps: int, text: str) -> None:
        nonlocal said
        progress.update(task, completed=done, total=steps, description=f"{name}: {text}", visible=True)
        unseen = not progress.disable and not progress.console.is_terminal
        if unseen and monotonic() - said >= _SECONDS:
            said = monotonic()
            progress.console.print(f"{name}: {done} of {steps}, {text}", highlight=False, markup=False, soft_wrap=True)

    return on_step
