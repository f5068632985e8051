"""The tables of the scoring benchmark, the same on a terminal, on a page, on any device."""

import math
from collections.abc import Sequence

from benchmarks.result import CellResult, added_exponent, exponent
from benchmarks.table import Table

EXTRAPOLATED = "*"


def times_table(results: Sequence[CellResult]) -> Table:
    """Median times of the four forms and their ratios, a row a cell."""
    return Table(
        title="Time of scoring one list",
        header=("history", "K", "packed", "one prompt each", "letters", "one plain pass", "speed-up", "over plain"),
        rows=tuple(_times(result) for result in results),
        notes=(
            "Medians over the repeats, ratios of medians. "
            "Speed-up: one prompt a candidate over packed. Over plain: packed over one causal pass of as many tokens.",
            *_extrapolation(results),
        ),
    )


def tokens_table(results: Sequence[CellResult]) -> Table:
    """What the token counts alone promise, how much of it is reached, and whether the scores are the same."""
    return Table(
        title="Tokens, memory and equality",
        header=(
            "history",
            "K",
            "prefix P",
            "candidate C",
            "packed P+KC",
            "one prompt each K(P+C)",
            "bound",
            "share reached",
            "peak memory",
            "largest score difference",
        ),
        rows=tuple(_tokens(result) for result in results),
        notes=(
            "Bound: K(P+C)/(P+KC). Score difference: log-odds, packed against one prompt each, over the prompts timed.",
        ),
    )


def growth_table(results: Sequence[CellResult]) -> Table:
    """The exponent of packed time against K, a row a history."""
    histories = sorted({result.history for result in results})
    of_history = {history: [r for r in results if r.history == history] for history in histories}
    return Table(
        title="Growth of packed time",
        header=("history", "exponent", "exponent of what candidates add"),
        rows=tuple(
            (str(history), _slope(exponent(cells)), _slope(added_exponent(cells)))
            for history, cells in of_history.items()
        ),
        notes=(
            "Least-squares slope of log packed time over log K, K >= 20: 1 is linear. The prefix, paid for once, "
            "flatters it; in the second column it cancels: time beyond the shortest list's over candidates beyond it.",
        ),
    )


def _slope(value: float) -> str:
    return "not measured" if math.isnan(value) else f"{value:.2f}"


def seconds(value: float) -> str:
    """A duration with three digits that matter."""
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def _times(result: CellResult) -> tuple[str, ...]:
    mark = EXTRAPOLATED if result.extrapolated else ""
    return (
        str(result.history),
        str(result.k),
        seconds(result.median("packed")),
        seconds(result.median("one_prompt")) + mark,
        seconds(result.median("letters")),
        seconds(result.median("plain_pass")),
        f"{result.speed_up:.1f}x{mark}",
        f"{result.over_plain_pass:.2f}x",
    )


def _tokens(result: CellResult) -> tuple[str, ...]:
    candidate = (result.packed_tokens - result.prefix_tokens) / result.k
    return (
        str(result.history),
        str(result.k),
        str(result.prefix_tokens),
        f"{candidate:.1f}",
        str(result.packed_tokens),
        str(result.one_prompt_tokens),
        f"{result.bound:.1f}x",
        f"{result.speed_up / result.bound:.0%}",
        f"{result.peak_bytes / 1e9:.2f} GB",
        f"{result.max_difference:.1e}",
    )


def _extrapolation(results: Sequence[CellResult]) -> tuple[str, ...]:
    measured = {result.measured_prompts for result in results if result.extrapolated}
    return tuple(
        f"{EXTRAPOLATED} extrapolated linearly from {count} candidates spread over all lengths: "
        "independent prompts cost the same each."
        for count in sorted(measured)
    )
