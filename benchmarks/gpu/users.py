"""Several users in one forward pass: how many items a device scores a second."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from time import perf_counter

from benchmarks.forms import Forms
from benchmarks.memory import with_peak
from benchmarks.scoring_tables import seconds
from benchmarks.table import Table
from benchmarks.world import Cell
from llm_rerank.engines.base import ScoringRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class UsersResult:
    """One number of users: the seconds of every call, and the most bytes held."""

    users: int
    k: int
    taken: tuple[float, ...]
    peak_bytes: int

    @property
    def items_per_second(self) -> float:
        """Items of all users over the median call."""
        return self.users * self.k / median(self.taken)


def measure_users(forms: Forms, cell: Cell, users: Sequence[int], *, repeats: int) -> tuple[UsersResult, ...]:
    """So many users with a list of that cell each, scored by one call of the engine; lists are never shared.

    Nor are prefixes: each begins with a token of its own, as the engine would lay out equal ones once.
    """
    request = forms.case(cell).request
    results = []
    for count in users:
        requests = [replace(request, prefix=(user, *request.prefix[1:])) for user in range(count)]
        forms.packed(requests)  # warms up
        taken, peak = with_peak(partial(_times, forms, requests, repeats), forms.model.device)
        results.append(UsersResult(users=count, k=cell.k, taken=taken, peak_bytes=peak))
    return tuple(results)


def users_table(results: Sequence[UsersResult]) -> Table:
    """A row a number of users."""
    return Table(
        title="Several users a call",
        header=("users", "K each", "time", "scored items/s", "peak memory"),
        rows=tuple(
            (
                str(result.users),
                str(result.k),
                seconds(median(result.taken)),
                f"{result.items_per_second:,.0f}",
                f"{result.peak_bytes / 1e9:.2f} GB",
            )
            for result in results
        ),
        notes=("The engine splits a call into passes of at most 32,768 tokens.",),
    )


def _times(forms: Forms, requests: Sequence[ScoringRequest], repeats: int) -> tuple[float, ...]:
    taken = []
    for _ in range(repeats):
        start = perf_counter()
        forms.packed(requests)
        taken.append(perf_counter() - start)
    return tuple(taken)
