"""A table of a report, and the report as a page of Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.promise import Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Texts in rows under a header; `notes` explain its signs."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def markdown(self) -> str:
        """The table as a section."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        drawn = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return "\n\n".join([f"## {self.title}", drawn, *self.notes])


def promise_table(promises: Sequence[Promise]) -> Table:
    """All verdicts."""
    return Table(
        title="Promises",
        header=("promise", "wanted", "measured", "verdict"),
        rows=tuple(promise.row for promise in promises),
    )


def page(title: str, tables: Sequence[Table], about: Mapping[str, str], *, picture: str = "") -> str:
    """The whole report."""
    facts = "\n".join(f"- {name}: {f'`{value}`' if name == 'command' else value}" for name, value in about.items())
    drawn = [f"![{title}]({picture})"] if picture else []
    return "\n\n".join([f"# {title}", facts, *[table.markdown for table in tables], *drawn]) + "\n"
