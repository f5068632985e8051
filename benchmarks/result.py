"""What was measured in one cell, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

import numpy as np

Form = Literal["packed", "one_prompt", "letters", "plain_pass"]
FORMS: Final[tuple[Form, ...]] = ("packed", "one_prompt", "letters", "plain_pass")


@dataclass(frozen=True, kw_only=True, slots=True)
class CellResult:
    """One cell's raw numbers. `seconds` of one_prompt are those of `measured_prompts` prompts, of K."""

    k: int
    history: int
    prefix_tokens: int
    packed_tokens: int
    measured_prompts: int
    seconds: Mapping[Form, tuple[float, ...]]
    peak_bytes: int
    max_difference: float

    @property
    def one_prompt_tokens(self) -> int:
        """Tokens of K prompts: each pays for the prefix."""
        return self.packed_tokens + (self.k - 1) * self.prefix_tokens

    @property
    def extrapolated(self) -> bool:
        """The time of one prompt a candidate was taken on fewer than K of them."""
        return self.measured_prompts < self.k

    def median(self, form: Form) -> float:
        """Seconds for all K candidates; independent prompts are extrapolated linearly, which is exact for them."""
        taken = median(self.seconds[form])
        return taken * self.k / self.measured_prompts if form == "one_prompt" else taken

    @property
    def speed_up(self) -> float:
        """One prompt a candidate over packed."""
        return self.median("one_prompt") / self.median("packed")

    @property
    def bound(self) -> float:
        """K(P + C) / (P + KC): the speed-up if a token cost the same wherever it stands."""
        return self.one_prompt_tokens / self.packed_tokens

    @property
    def over_plain_pass(self) -> float:
        """Packed over one plain pass of as many tokens."""
        return self.median("packed") / self.median("plain_pass")


def exponent(results: Sequence[CellResult], *, smallest_k: int = 20) -> float:
    """How packed time grows with K: the least-squares slope of log time over log K. NaN below two points.

    The prefix is paid for once whatever K is, and flatters: see added_exponent.
    """
    return _slope([(result.k, result.median("packed")) for result in results if result.k >= smallest_k])


def added_exponent(results: Sequence[CellResult]) -> float:
    """The same for what candidates add: log of time beyond the shortest list's over log of candidates beyond it.

    The prefix is in both times and cancels.
    """
    first, *longer = sorted(results, key=lambda result: result.k)
    base = first.median("packed")
    return _slope([(r.k - first.k, r.median("packed") - base) for r in longer if r.median("packed") > base])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    if len({size for size, _ in points}) < 2:
        return float("nan")
    size, seconds = np.log(np.array(points)).T
    return float(np.polyfit(size, seconds, 1)[0])
