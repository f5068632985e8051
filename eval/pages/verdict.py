"""Which system of a run is better, and whether that could be luck."""

from typing import Final, Literal

from eval.result import Difference, Goal, Interval, Result, SystemResult

SURE_BELOW: Final = 0.05
"""p from which on a difference could be luck. It is not corrected for the number of comparisons."""

Standing = Literal["met", "met, could be luck", "missed, could be luck", "missed", "not measured"]
"""How a system stands to a goal."""


def best_first(result: Result, metric: str) -> list[SystemResult]:
    """The systems that have this metric."""
    systems = [system for system in result.systems if metric in system.metrics]
    return sorted(systems, key=lambda s: s.metrics[metric].mean, reverse=True)


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


def standing(goal: Goal, result: Result) -> Standing:
    """See stands; a figure that is to be reproduced is met within its bounds."""
    found = next((system.metrics.get(goal.metric) for system in result.systems if system.name == goal.system), None)
    if found is None:
        return "not measured"
    if goal.at_most is not None:
        return "met" if goal.at_least <= found.mean <= goal.at_most else "missed"
    return stands(found, goal.at_least)


def stands(found: Interval, at_least: float) -> Standing:
    """Where the figure to beat is within the interval, another draw of users could have decided otherwise."""
    if found.mean >= at_least:
        return "met" if found.low >= at_least else "met, could be luck"
    return "missed" if found.high < at_least else "missed, could be luck"


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
