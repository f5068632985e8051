"""What cleaning found: a sieve takes bad rows out of a table and remembers how many, why, and which for example."""

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd
from rich.table import Column, Table
from rich.text import Text

from retrieval.errors import DatasetError, short

EXAMPLES: Final = 3

TableName = Literal["items", "interactions"]
Action = Literal["dropped", "cleared", "not selected"]
"""The row is gone; or the row is kept without that value; or the row is fine but outside what was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was wrong, in how many rows of which table, and what was done. At most three examples."""

    table: TableName
    problem: str
    rows: int
    action: Action
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = f" ({'; '.join(self.examples)})" if self.examples else ""
        return f"{self.table}: {self.rows:,} {self.action}: {self.problem}{shown}"


class Sieve:
    """A table on its way through cleaning: `rows` are those still in it, `findings` what was wrong so far.

    A strict sieve lets nothing pass that needs a finding: it raises DatasetError naming problem, count and an example.
    """

    def __init__(self, table: TableName, rows: pd.DataFrame, *, strict: bool = False) -> None:
        self.table = table
        self.rows = rows.reset_index(drop=True)
        self.read = len(rows)
        self.strict = strict
        self.findings: tuple[Finding, ...] = ()

    def drop(self, problem: str, bad: "pd.Series[bool]", shown: str) -> None:
        """Takes the `bad` rows out; `shown` is the column whose value an example names."""
        if bad.any():
            self._find(problem, bad, shown, "dropped")
            self.rows = self.rows[~bad]

    def clear(self, problem: str, bad: "pd.Series[bool]", column: str) -> None:
        """Empties `column` in the `bad` rows and keeps the rows."""
        if bad.any():
            self._find(problem, bad, column, "cleared")
            self.rows = self.rows.assign(**{column: self.rows[column].mask(bad)})

    def _find(self, problem: str, bad: "pd.Series[bool]", shown: str, action: Action) -> None:
        values = self.rows.loc[bad, shown]
        first = values.head(EXAMPLES)
        examples = tuple(
            f"row {row + 1}: {shown}={_readable(value)}"
            for row, value in zip(first.index.to_numpy(dtype=int), first, strict=True)
        )
        finding = Finding(table=self.table, problem=problem, rows=len(values), action=action, examples=examples)
        if self.strict:
            raise DatasetError(
                f"{finding.rows:,} {self.table} with {problem}, first {examples[0]}",
                field=shown,
                value=values.iloc[0],
                remedy="Correct the data, or load it without strict to leave them out.",
            )
        self.findings += (finding,)


@dataclass(frozen=True, kw_only=True, slots=True)
class CleaningReport:
    """How many rows were read, how many are left, and every finding between the two. Printable, plain or by rich."""

    items_read: int
    items_kept: int
    interactions_read: int
    interactions_kept: int
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, items: Sieve, interactions: Sieve) -> "CleaningReport":
        """The report on two tables that have been through cleaning."""
        return cls(
            items_read=items.read,
            items_kept=len(items.rows),
            interactions_read=interactions.read,
            interactions_kept=len(interactions.rows),
            findings=items.findings + interactions.findings,
        )

    def __str__(self) -> str:
        return "\n".join([self._summary, *(f"  {finding}" for finding in self.findings)])

    def __rich__(self) -> Table:
        table = Table("table", Column("rows", justify="right"), "", "because of", "for example", title=self._summary)
        for found in self.findings:
            examples = Text("\n".join(found.examples))  # Text: ids and titles are untrusted, and may look like markup
            table.add_row(found.table, f"{found.rows:,}", found.action, found.problem, examples)
        return table

    @property
    def _summary(self) -> str:
        return (
            f"kept {self.items_kept:,} of {self.items_read:,} items, "
            f"{self.interactions_kept:,} of {self.interactions_read:,} interactions"
        )


def _readable(value: object) -> str:
    return short(value.isoformat(sep=" ") if isinstance(value, pd.Timestamp) else value)
