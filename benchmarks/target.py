"""Targets: a number that was measured, the number that was promised, and whether one satisfies the other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.result import CellResult, added_exponent, exponent
from benchmarks.table import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """`measured` None or NaN: this run did not measure it."""

    name: str
    sense: Literal["at least", "at most", "below"]
    limit: float
    measured: float | None
    unit: str = ""

    @property
    def verdict(self) -> str:
        """met, not met, or not measured."""
        if self.measured is None or math.isnan(self.measured):
            return "not measured"
        met = {
            "at least": self.measured >= self.limit,
            "at most": self.measured <= self.limit,
            "below": self.measured < self.limit,
        }[self.sense]
        return "met" if met else "not met"

    @property
    def row(self) -> tuple[str, ...]:
        """Name, promise, measurement, verdict."""
        measured = "" if self.verdict == "not measured" else f"{self.measured:.3g} {self.unit}".strip()
        return self.name, f"{self.sense} {self.limit:g} {self.unit}".strip(), measured, self.verdict


def target_table(targets: Sequence[Target]) -> Table:
    """All verdicts."""
    return Table(
        title="Targets",
        header=("target", "wanted", "measured", "verdict"),
        rows=tuple(target.row for target in targets),
    )


def scoring_targets(results: Sequence[CellResult]) -> tuple[Target, ...]:
    """What packed scoring promises on a CPU. Where several cells count, the worst one does."""
    cells = {(result.k, result.history): result for result in results}
    long = [result.over_plain_pass for result in results if result.k >= 20]
    by_history = [[r for r in results if r.history == history] for history in {r.history for r in results}]
    steepest = [max(exponent(cells), added_exponent(cells)) for cells in by_history]
    return (
        _speed_up(cells.get((20, 20)), 20, 6),
        _speed_up(cells.get((100, 20)), 100, 9),
        Target(
            name="exponent of packed time against K, with and without the prefix, steepest history",
            sense="at most",
            limit=1.1,
            measured=max(steepest),
        ),
        Target(
            name="packed over one plain pass of as many tokens, worst cell with K >= 20",
            sense="at most",
            limit=1.1,
            measured=max(long, default=None),
            unit="x",
        ),
        Target(
            name="peak memory while packed runs",
            sense="below",
            limit=3,
            measured=max(result.peak_bytes for result in results) / 1e9,
            unit="GB",
        ),
    )


def _speed_up(result: CellResult | None, k: int, limit: float) -> Target:
    return Target(
        name=f"packed over one prompt a candidate, K={k}, history 20",
        sense="at least",
        limit=limit,
        measured=None if result is None else result.speed_up,
        unit="x",
    )
