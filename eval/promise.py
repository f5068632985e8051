"""Promises: a number that was promised, the number that was measured, and whether one satisfies the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from retrieval.files import read_json

PROMISES: Final = "promises"
"""The key of a report's JSON under which its promises lie."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
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


def as_json(promises: Sequence[Promise], command: str, device: str) -> dict[str, Any]:
    """What a report's JSON holds under PROMISES."""
    return {"command": command, "device": device, "lines": [list(promise.row) for promise in promises]}


def published_promises(place: Path) -> Iterator[tuple[str, ...]]:
    """A line a promise of every report below `place`, in the columns of eval.results."""
    for path in sorted(place.glob("*/*.json")):
        report = read_json(path)
        if PROMISES in report:
            made = (report[PROMISES]["command"], report[PROMISES]["device"])
            for name, wanted, measured, verdict in report[PROMISES]["lines"]:
                yield (path.parent.name, "", "", name, measured, "", wanted, verdict, *made)
