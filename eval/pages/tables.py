"""A run's results as a Markdown table, for the documentation."""

from typing import Final

from eval.pages.verdict import best_first, could_be_luck, difference
from eval.result import Result, SystemResult

_REPEATING: Final = ("hit", "map", "precision", "f1")  # with one target a user they follow from recall and mrr
_SPECIAL: Final = str.maketrans({c: f"\\{c}" for c in "\\|`*_[]<>&"} | {"\n": " ", "\r": " "})


def results_table(result: Result) -> str:
    """The headline metric with its interval, the other shown metrics, and the difference from the best system."""
    first, *others = shown_metrics(result)
    systems = best_first(result, first)
    columns = ["system", f"{first} [95 %]", *others, "minus the best"]
    rows = [
        [
            _text(system.name),
            str(system.metrics[first]),
            *(f"{system.metrics[m].mean:.4f}" if m in system.metrics else "" for m in others),
            against_best(system, systems[0], first),
        ]
        for system in systems
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in [columns, ["---"] * len(columns), *rows])


def shown_metrics(result: Result) -> list[str]:
    """The headline metric, then those of the goals, then the others at the headline's cut-off that say more."""
    first = result.headline
    measured = list(result.systems[0].metrics)
    same_cutoff = [m for m in measured if m.partition("@")[2] == first.partition("@")[2]]
    wanted = [first, *(goal.metric for goal in result.goals)]
    wanted += [metric for metric in same_cutoff if metric.partition("@")[0] not in _REPEATING]
    return [metric for metric in dict.fromkeys(wanted) if metric in measured]


def against_best(system: SystemResult, best: SystemResult, metric: str) -> str:
    """How far behind, and whether that could be luck."""
    if system is best:
        return "best"
    found = difference(system, best, metric)
    if found is None:
        return "not compared"
    luck = ", could be luck" if could_be_luck(found) else ""
    return f"{found.difference.mean:+.4f} (p = {found.p_value:.2g}{luck})"


def _text(name: str) -> str:
    return name.translate(_SPECIAL)
