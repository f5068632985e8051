"""Which system of a run is better, and whether that could be luck."""

from typing import Final

from eval.result import Difference, Goal, Result, SystemResult

SURE_BELOW: Final = 0.05
"""p from which on a difference could be luck. It is not corrected for the number of comparisons."""

_LOWER_IS_BETTER: Final = ("rmse", "mae", "ece")


def lower_is_better(metric: str) -> bool:
    """Errors should be small, all else large."""
    return metric.split("@")[0] in _LOWER_IS_BETTER


def best_first(result: Result, metric: str) -> list[SystemResult]:
    """The systems that have this metric."""
    systems = [system for system in result.systems if metric in system.metrics]
    return sorted(systems, key=lambda s: s.metrics[metric].mean, reverse=not lower_is_better(metric))


def difference(system: SystemResult, other: SystemResult, metric: str) -> Difference | None:
    """`system` minus `other`, whichever of the two it was kept with; None where they were not compared."""
    kept = system.versus.get(other.name, {}).get(metric)
    mirrored = other.versus.get(system.name, {}).get(metric)
    return kept or (_mirror(mirrored) if mirrored else None)


def _mirror(found: Difference) -> Difference:
    d = found.difference
    turned = d.model_copy(update={"mean": -d.mean, "low": -d.high, "high": -d.low})
    return found.model_copy(update={"difference": turned})


def could_be_luck(found: Difference) -> bool:
    """Chance alone often gives as much, or the interval holds zero."""
    return found.p_value >= SURE_BELOW or found.difference.low <= 0 <= found.difference.high


def surely_differ(system: SystemResult, other: SystemResult, metric: str) -> bool:
    """They were compared, and it is not luck."""
    found = difference(system, other, metric)
    return found is not None and not could_be_luck(found)


def is_met(goal: Goal, result: Result) -> bool | None:
    """Whether the goal's system is at least as good as the figure; None where that was not measured."""
    found = next((system.metrics.get(goal.metric) for system in result.systems if system.name == goal.system), None)
    if found is None:
        return None
    if goal.at_most is not None:
        return goal.at_least <= found.mean <= goal.at_most
    return found.mean <= goal.at_least if lower_is_better(goal.metric) else found.mean >= goal.at_least


def verdict(result: Result) -> str:
    """One sentence for the top of a report."""
    metric = result.headline
    first, *others = best_first(result, metric)
    opening = f"{first.name} is best by {metric}: {first.metrics[metric]}."
    if not others:
        return opening
    found = difference(first, others[0], metric)
    if found is None:
        return f"{opening} It was not compared with the next, {others[0].name}."
    judged = "that could be luck" if could_be_luck(found) else "that is unlikely to be luck"
    size = f"{found.difference.mean:+.4f} [{found.difference.low:+.4f}, {found.difference.high:+.4f}]"
    return f"{opening} Against the next, {others[0].name}: {size}, p = {found.p_value:.2g}: {judged}."
