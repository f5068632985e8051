"""Tables and progress on a terminal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from benchmarks.table import Table

console = Console()


def show(tables: Sequence[Table]) -> None:
    """Draws the tables, one under the other."""
    for table in tables:
        drawn = RichTable(title=table.title, title_justify="left")
        for name in table.header:
            drawn.add_column(name)
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn, *table.notes, "", sep="\n")


@contextmanager
def stepping(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar, and the function that names the step that begins."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total, completed=-1)
        yield lambda step: progress.update(task, advance=1, description=step)
        progress.update(task, completed=total)
