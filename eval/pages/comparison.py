"""Several runs of one benchmark as one HTML file: what changed, what it did to every system, whether that is luck."""

from collections.abc import Sequence
from pathlib import Path

from eval.finished import FinishedRun
from eval.pages.markup import Cell, Markup, page, section, table, tag
from eval.pages.verdict import best_first, could_be_luck
from eval.result import Difference, Result
from retrieval.differences import flat
from retrieval.errors import DataError

_ABOUT = (
    "Intervals are 95 % bootstrap. Differences are of the same users: their interval is the paired bootstrap's, p a "
    "paired permutation test's, not corrected for the number of comparisons."
)


def write_comparison(runs: Sequence[FinishedRun], path: Path) -> None:
    """Writes the file; runs are columns, in the order given, and the last is compared with the first.

    Raises DataError for fewer than two runs, and for runs of other things or of other users.
    """
    _check([run.result for run in runs])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(runs), encoding="utf-8")


def verdicts(runs: Sequence[FinishedRun]) -> list[str]:
    """A line for each system that the first run and the last have: what became of it, and whether that is luck."""
    first, last, metric = runs[0], runs[-1], runs[0].result.headline
    lines = []
    for name in [system.name for system in last.result.systems]:
        was, now = (_found(run.result, name, metric) for run in (first, last))
        if "–" not in (was, now):
            difference, p, mark = _judged(last.minus(first, name, name, metric))
            said = f", p = {p}, {mark[0]}" if p else ""
            lines.append(f"{name}: {metric} {was}, now {now}: {difference}{said}")
    return lines


def _check(results: Sequence[Result]) -> None:
    if len(results) < 2:
        raise DataError(
            "one run is nothing to compare", field="results", value=len(results), remedy="Name two or more."
        )
    first = results[0]
    for other in results[1:]:
        for field in ("benchmark", "part"):
            if getattr(other, field) != getattr(first, field):
                raise DataError(
                    f"only runs of the same {field} can be compared, and the first is of {getattr(first, field)!r}",
                    field=field,
                    value=getattr(other, field),
                    remedy="Compare runs of one benchmark and part.",
                )
        if not best_first(other, first.headline):
            raise DataError(
                "no system of a later run has the metric that decides in the first",
                field="metric",
                value=first.headline,
                remedy="Compare runs that measured the same, or name another first.",
            )


def _page(runs: Sequence[FinishedRun]) -> str:
    results = [run.result for run in runs]
    first, metric = results[0], results[0].headline
    titles = [f"{number}: {run.name} ({run.result.date})" for number, run in enumerate(runs, 1)]
    return page(
        f"{first.benchmark}, {first.part}: {len(results)} runs",
        section("Systems", tag("p", _ABOUT), _systems(runs, metric, titles)),
        section("The best of each run", _best(runs, metric, titles)),
        section("What changed", _changes(results, titles)),
    )


def _systems(runs: Sequence[FinishedRun], metric: str, titles: Sequence[str]) -> Markup:
    names = dict.fromkeys(system.name for run in runs for system in run.result.systems)
    rows: list[list[Cell]] = []
    for name in names:
        found = [_found(run.result, name, metric) for run in runs]
        both = "–" not in (found[0], found[-1])
        judged = _judged(runs[-1].minus(runs[0], name, name, metric)) if both else ["–", "", ""]
        rows.append([name, *found, *judged])
    return table(metric, ["system", *titles, "last minus first", "p", ""], rows)


def _found(result: Result, name: str, metric: str) -> str:
    """With its interval, a dash where this run has no such system."""
    return next((str(s.metrics[metric]) for s in result.systems if s.name == name and metric in s.metrics), "–")


def _best(runs: Sequence[FinishedRun], metric: str, titles: Sequence[str]) -> Markup:
    """Whatever the systems are called."""
    best = [best_first(run.result, metric)[0] for run in runs]
    rows: list[list[Cell]] = []
    for number, (run, system, title) in enumerate(zip(runs, best, titles, strict=True)):
        judged = _judged(run.minus(runs[0], system.name, best[0].name, metric)) if number else ["", "", ""]
        rows.append([title, system.name, str(system.metrics[metric]), *judged])
    return table(
        f"{metric}: the best of each run against the best of the first",
        ["run", "best", metric, "minus the best of the first", "p", ""],
        rows,
    )


def _judged(found: Difference) -> list[Cell]:
    """The difference, p, and what that means."""
    d = found.difference
    if d.low == d.high == 0:
        return ["the same", "", ""]
    mark = (
        ("could be luck", "doubt") if could_be_luck(found) else ("better", "good") if d.mean > 0 else ("worse", "bad")
    )
    return [f"{d.mean:+.4f} [{d.low:+.4f}, {d.high:+.4f}]", f"{found.p_value:.2g}", mark]


def _changes(results: Sequence[Result], titles: Sequence[str]) -> Markup:
    """What is not the same in all runs: a change in the protocol or the counts means that figures do not compare."""
    described = [_described(result) for result in results]
    keys = dict.fromkeys(key for known in described for key in known)
    rows: list[list[Cell]] = [
        [key, *((known.get(key, "–"), "text") for known in described)]
        for key in keys
        if len({known.get(key) for known in described}) > 1
    ]
    return table("Everything that differs between the runs", ["what", *titles], rows)


def _described(result: Result) -> dict[str, str]:
    return {
        "protocol": " ".join(result.protocol),
        **{f"count: {name}": f"{count:,}" for name, count in result.counts.items()},
        "command": result.command,
        "device": result.device,
        **{f"version: {name}": version for name, version in result.versions.items()},
        **{f"config: {key}": str(value) for key, value in flat(result.config)},
        **{f"code: {path}": digest[:12] for path, digest in result.code.items()},
    }
