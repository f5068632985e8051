"""A run's results as a Markdown table, for the documentation."""

from typing import Final

from eval.pages.verdict import best_first, could_be_luck, difference
from eval.result import Result, SystemResult

_REPEATING: Final = ("hit", "map", "precision", "f1")  # with one target a user they follow from recall and mrr
_SPECIAL: Final = str.maketrans({c: f"\\{c}" for c in "\\|`*_[]<>&"} | {"\n": " ", "\r": " "})


def results_table(result: Result) -> str:
    """The headline metric with its interval, the others shown, errors of ratings, and the difference from the best.

    Where some system reorders another's candidates, what no order of them can exceed stands beside it.
    """
    first, *others = shown_metrics(result)
    systems = best_first(result, first)
    ceiling = ["ceiling"] if any(system.reranking for system in systems) else []
    errors = ["rmse", "mae"] if any(system.ratings for system in systems) else []
    head = ["system", f"{first} [95 %]", *ceiling, "by seed", *others, *errors]
    columns = [*head, "minus the best", "fit, s", "ms a user"]
    rows = [
        [
            as_markdown(system.name),
            str(system.metrics[first]),
            *(_ceiling(system) for _ in ceiling),
            _by_seed(system, first),
            *(f"{system.metrics[m].mean:.4f}" if m in system.metrics else "" for m in others),
            *(f"{getattr(system.ratings, error):.4f}" if system.ratings else "" for error in errors),
            against_best(system, systems[0], first),
            "" if system.seconds_to_fit is None else f"{system.seconds_to_fit:.0f}",
            _short(system.milliseconds_per_user),
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


def _by_seed(system: SystemResult, metric: str) -> str:
    """The lowest and the highest of several; nothing for one seed, which is the mean itself."""
    found = sorted(values[metric] for values in system.by_seed.values())
    return f"{len(found)}: {found[0]:.4f} to {found[-1]:.4f}" if len(found) > 1 else ""


def _ceiling(system: SystemResult) -> str:
    found = system.reranking
    return f"{found.ceiling.mean:.4f} (recall@{found.candidates})" if found else ""


def as_markdown(text: str) -> str:
    """Text of others on one line, of which nothing is markup."""
    return text.translate(_SPECIAL)


def _short(value: float) -> str:
    """Two digits that count, and never a power of ten."""
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}"
