"""Several runs of one benchmark as one HTML file: what changed, and what it did to every system."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from eval.pages.markup import Cell, Markup, page, section, table, tag
from eval.pages.verdict import headline, lower_is_better
from eval.result import Interval, Result
from retrieval.errors import DataError


def write_comparison(results: Sequence[Result], path: Path) -> None:
    """Writes the file; runs are columns, in the order given, and the last is compared with the first."""
    _check(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(results), encoding="utf-8")


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


def _page(results: Sequence[Result]) -> str:
    first, metric = results[0], headline(results[0])
    titles = [f"{number}: {result.title} ({result.date})" for number, result in enumerate(results, 1)]
    about = "Intervals are 95 % bootstrap; runs kept no users, so that a change is sure only where two do not overlap."
    return page(
        f"{first.benchmark}, {first.part}: {len(results)} runs",
        section("Systems", tag("p", about), _systems(results, metric, titles)),
        section("What changed", _changes(results, titles)),
    )


def _systems(results: Sequence[Result], metric: str, titles: Sequence[str]) -> Markup:
    names = dict.fromkeys(system.name for result in results for system in result.systems)
    rows: list[list[Cell]] = []
    for name in names:
        found = [_found(result, name, metric) for result in results]
        rows.append(
            [name, *("–" if value is None else str(value) for value in found), _change(found[0], found[-1], metric)]
        )
    return table(metric, ["system", *titles, "last minus first"], rows)


def _found(result: Result, name: str, metric: str) -> Interval | None:
    return next((system.metrics.get(metric) for system in result.systems if system.name == name), None)


def _change(first: Interval | None, last: Interval | None, metric: str) -> Cell:
    if first is None or last is None:
        return "–"
    if first == last:
        return "the same"
    change = last.mean - first.mean
    if first.low <= last.high and last.low <= first.high:
        return f"{change:+.4f}, could be luck", "doubt"
    return f"{change:+.4f}, sure", "good" if (change < 0) == lower_is_better(metric) else "bad"


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
        **{f"config: {key}": value for key, value in _flat(result.config).items()},
        **{f"code: {path}": digest[:12] for path, digest in result.code.items()},
    }


def _flat(value: JsonValue, path: str = "") -> dict[str, str]:
    """Leaves by dotted path."""
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in _flat(below, f"{path}.{key}".lstrip(".")).items()}
    return {path: str(value)}
