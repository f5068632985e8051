"""What packed scoring promises on a CPU."""

from collections.abc import Sequence

from benchmarks.result import CellResult, added_exponent, exponent
from eval.promise import Promise


def scoring_promises(results: Sequence[CellResult]) -> tuple[Promise, ...]:
    """Where several cells count, the worst one does."""
    cells = {(result.k, result.history): result for result in results}
    long = [result.over_plain_pass for result in results if result.k >= 20]
    by_history = [[r for r in results if r.history == history] for history in {r.history for r in results}]
    steepest = [max(exponent(cells), added_exponent(cells)) for cells in by_history]
    return (
        _speed_up(cells.get((20, 20)), 20, 6),
        _speed_up(cells.get((100, 20)), 100, 9),
        Promise(
            name="exponent of packed time against K, with and without the prefix, steepest history",
            sense="at most",
            limit=1.1,
            measured=max(steepest),
        ),
        Promise(
            name="packed over one plain pass of as many tokens, worst cell with K >= 20",
            sense="at most",
            limit=1.1,
            measured=max(long, default=None),
            unit="x",
        ),
        Promise(
            name="peak memory while packed runs",
            sense="below",
            limit=3,
            measured=max(result.peak_bytes for result in results) / 1e9,
            unit="GB",
        ),
    )


def _speed_up(result: CellResult | None, k: int, limit: float) -> Promise:
    return Promise(
        name=f"packed over one prompt a candidate, K={k}, history 20",
        sense="at least",
        limit=limit,
        measured=None if result is None else result.speed_up,
        unit="x",
    )
