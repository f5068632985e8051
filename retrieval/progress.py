"""Progress bars on stderr: what is printed to stdout is the answer."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from retrieval.retrievers.base import OnStep


def showing_progress() -> Progress:
    """Bars for what is going on; use as a context manager."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


def telling(progress: Progress, name: str) -> OnStep:
    """Shows how far something is on a bar of its own, from its first step on."""
    task = progress.add_task(name, total=None, visible=False)

    def on_step(done: int, steps: int, text: str) -> None:
        progress.update(task, completed=done, total=steps, description=f"{name}: {text}", visible=True)

    return on_step
