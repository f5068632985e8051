"""One run as one HTML file: which system is better, whether that is luck, and how it was found out."""

import json
from collections.abc import Iterator
from pathlib import Path

from eval.pages import plots
from eval.pages.markup import Cell, Markup, bullets, details, facts, figure, group, page, section, table, tag
from eval.pages.tables import against_best, shown_metrics
from eval.pages.verdict import (
    best_first,
    could_be_luck,
    difference,
    standing,
    surely_differ,
    verdict,
)
from eval.result import Difference, Goal, Reranking, Result

_BEYOND = ("coverage", "arp")  # what accuracy is traded for: a wide choice, and not only what everybody has


def write_page(result: Result, path: Path) -> None:
    """Writes the file. All text in a result is of others: it is escaped, and the page can load or run nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(result), encoding="utf-8")


def _page(result: Result) -> str:
    return page(
        result.title,
        tag("p", f"{result.benchmark}, {result.part}, {result.date}"),
        _verdict(result),
        section("Systems", _systems(result), _forest(result)),
        section("Rating prediction", _ratings(result)),
        section("Reranking", _reranking(result)),
        section("Goals", _goals(result)),
        section("How it was measured", bullets(result.protocol), _counts(result)),
        section(
            f"Closer: the best {min(plots.MOST_LINES, len(result.systems))} systems", _pictures(result), _checks(result)
        ),
        section("All numbers", *_all_numbers(result)),
        section("To make it again", *_origin(result)),
    )


def _verdict(result: Result) -> Markup:
    first, *others = best_first(result, result.headline)
    sure = bool(others) and surely_differ(first, others[0], result.headline)
    return tag("p", verdict(result), kind="verdict" if sure else "verdict doubt")


def _systems(result: Result) -> Markup:
    first, *others = shown_metrics(result)
    systems = best_first(result, first)
    rows: list[list[Cell]] = []
    for system in systems:
        found = difference(system, systems[0], first)
        doubt = "doubt" if found and could_be_luck(found) else "good" if system is systems[0] else ""
        means = [f"{system.metrics[m].mean:.4f}" if m in system.metrics else "–" for m in others]
        judged = (against_best(system, systems[0], first), doubt)
        speed = f"{system.milliseconds_per_user:.3g}"
        rows.append([(system.name, doubt), str(system.metrics[first]), judged, *means, speed])
    caption = (
        f"Means over {systems[0].users:,} users, best {first} first, with 95 % bootstrap intervals; p of a paired "
        "permutation test, not corrected for the number of comparisons. Both are about users: how much a system "
        'changes when it is trained again is under "Every seed".'
    )
    return table(caption, ["system", first, "minus the best", *others, "ms a user"], rows)


def _forest(result: Result) -> Markup:
    metric = result.headline
    order = ", ".join(f"{s.name} {s.metrics[metric]}" for s in best_first(result, metric))
    caption = f"{metric} and its 95 % interval. Dotted: the difference from the best could be luck, or is unknown."
    return figure(plots.forest(result), f"{metric} with interval, best first: {order}", caption)


def _ratings(result: Result) -> Markup:
    found = [(system.name, system.ratings) for system in result.systems if system.ratings]
    if not found:
        return Markup("")
    rows = [
        [name, f"{r.rmse:.4f}", f"{r.mae:.4f}", f"{r.predicted:,}", f"{r.fallbacks:,}"]
        for name, r in sorted(found, key=lambda one: one[1].rmse)
    ]
    caption = (
        "Errors of predicted ratings, lowest RMSE first; where a system has no answer (fallbacks), the mean stands in."
    )
    return table(caption, ["system", "rmse", "mae", "ratings", "fallbacks"], rows)


def _reranking(result: Result) -> Markup:
    found = [(s.name, s.reranking) for s in best_first(result, result.headline) if s.reranking]
    if not found:
        return Markup("")
    caption = (
        "What a system made of another's first candidates. Ceiling: the share of what is right among them, which no "
        "order of them exceeds. Overlap: 1 where the order stayed. Churn: how many places an item moves, and how often "
        "another comes first, when the LLM reads the same candidates in another order. Calibration error: of the LLM's "
        "probabilities. Chosen weight: the LLM's share in the score, on the validation part only."
    )
    columns = ["system", "of", "candidates", "ceiling", "overlap", "churn: places", "first", "calibration error"]
    rows = [
        [name, one.of, f"{one.candidates}", str(one.ceiling), f"{one.overlap:.3f}", *_said(one)] for name, one in found
    ]
    return table(caption, [*columns, "chosen weight"], rows)


def _said(found: Reranking) -> list[Cell]:
    """What a language model's part in it was."""
    churn = [f"{found.churn.places:.3g}", f"{found.churn.top_flips:.1%}"] if found.churn else ["–", "–"]
    error = "–" if found.calibration_error is None else f"{found.calibration_error:.4f}"
    return [*churn, error, "–" if found.chosen_weight is None else f"{found.chosen_weight:g}"]


def _goals(result: Result) -> Markup:
    if not result.goals:
        return Markup("")
    rows = [
        [goal.system, goal.metric, _figure_of(goal), *_found(goal, result), (goal.source, "text")]
        for goal in result.goals
    ]
    return table("Figures to beat or to reproduce", ["system", "metric", "goal", "found", "", "source"], rows)


def _figure_of(goal: Goal) -> str:
    if goal.at_most is not None:
        return f"{goal.at_least:.4f} to {goal.at_most:.4f}"
    return f"≥ {goal.at_least:.4f}"


def _found(goal: Goal, result: Result) -> list[Cell]:
    found = standing(goal, result)
    if found == "not measured":
        return ["–", (found, "doubt")]
    mark = (f"✓ {found}", "good") if found.startswith("met") else (f"✗ {found}", "bad")
    return [f"{result.system(goal.system).metrics[goal.metric].mean:.4f}", mark]


def _counts(result: Result) -> Markup:
    return facts((name, f"{count:,}") for name, count in result.counts.items())


def _pictures(result: Result) -> Markup:
    return group("div", _each_picture(result), kind="plots")


def _each_picture(result: Result) -> Iterator[Markup]:
    metric = result.headline
    _, _, k = metric.partition("@")
    if curves := plots.cutoff_curves(result, "recall"):
        yield figure(curves, "recall at every cut-off, a line a system", "How much is found in longer lists.")
    families = dict.fromkeys(family for system in result.systems for family in system.slices)
    for family in families:
        picture = plots.slice_plot(result, family)
        yield figure(picture, f"{metric} by {family}", f"{metric} by {family}, with 95 % intervals.")
    for name in _BEYOND:
        if picture := plots.trade_off(result, f"{name}@{k}"):
            yield figure(picture, f"{metric} against {name}@{k}, a point a system", f"{metric} against {name}@{k}.")
    for name, picture in plots.learning_curves(result).items():
        yield figure(picture, f"{name} by epoch, a line a system", f"Learning: {name} by epoch.")
    for system in result.systems:
        if system.importances:
            best = ", ".join(sorted(system.importances, key=lambda f: -system.importances[f])[:3])
            caption = f"What {system.name} looks at: gain by feature."
            yield figure(plots.importances(system), f"features of {system.name}, first {best}", caption)


def _checks(result: Result) -> Markup:
    rows: list[list[Cell]] = [
        [s.name, *(f"{s.checks[name]:.4f}" for name in ("blend", "fusion")), _answers(s.checks)]
        for s in result.systems
        if s.checks
    ]
    caption = "NDCG@10 over users held out when a blend learnt; where it is no better than fusion, fusion answers"
    return table(caption, ["system", "blend", "fusion", "answers"], rows) if rows else Markup("")


def _answers(checks: dict[str, float]) -> str:
    return "blend" if checks["blend"] > checks["fusion"] else "fusion"


def _all_numbers(result: Result) -> Iterator[Markup]:
    systems = best_first(result, result.headline)
    names = [system.name for system in systems]
    metrics = dict.fromkeys(metric for system in systems for metric in system.metrics)
    rows = [[m, *(str(s.metrics[m]) if m in s.metrics else "–" for s in systems)] for m in metrics]
    yield details("Every metric", table("Mean and 95 % interval", ["metric", *names], rows))
    beyond = dict.fromkeys(name for system in systems for name in system.beyond)
    if beyond:
        rows = [[n, *(f"{s.beyond[n]:.4g}" if n in s.beyond else "–" for s in systems)] for n in beyond]
        yield details("The lists as a whole", table("Beyond accuracy", ["measure", *names], rows))
    yield from _weights(result)
    yield details("Every comparison", _comparisons(result))
    yield details("Every slice", _slices(result))
    seeds = [
        [system.name, seed, *(f"{values[m]:.4f}" if m in values else "–" for m in shown_metrics(result))]
        for system in systems
        for seed, values in system.by_seed.items()
    ]
    if seeds:
        yield details("Every seed", table("Means of each seed", ["system", "seed", *shown_metrics(result)], seeds))


def _weights(result: Result) -> Iterator[Markup]:
    curves = {s.name: s.reranking.weight_curve for s in result.systems if s.reranking and s.reranking.weight_curve}
    if curves:
        weights = dict.fromkeys(weight for curve in curves.values() for weight in curve)
        rows = [[w, *(f"{c[w]:.4f}" if w in c else "–" for c in curves.values())] for w in weights]
        caption = "Mean NDCG@10 among the candidates, over users with something right among them"
        yield details("Every weight of the LLM", table(caption, ["weight", *curves], rows))


def _slices(result: Result) -> Markup:
    metric = result.headline
    rows = [
        [f"{family}: {label}", system.name, f"{part.users:,}", str(part.metrics[metric])]
        for system in best_first(result, metric)
        for family, parts in system.slices.items()
        for label, part in parts.items()
        if metric in part.metrics
    ]
    return table(f"{metric} over some of the users", ["slice", "system", "users", metric], rows)


def _comparisons(result: Result) -> Markup:
    metric = result.headline
    rows = [
        [f"{system.name} minus {other.name}", *_compared(system.versus[other.name][metric])]
        for system in best_first(result, metric)
        for other in best_first(result, metric)
        if metric in system.versus.get(other.name, {})
    ]
    return table(f"Paired differences in {metric}", ["systems", "difference, 95 %", "p", ""], rows)


def _compared(found: Difference) -> list[Cell]:
    d = found.difference
    mark = ("could be luck", "doubt") if could_be_luck(found) else ("unlikely to be luck", "good")
    return [f"{d.mean:+.4f} [{d.low:+.4f}, {d.high:+.4f}]", f"{found.p_value:.2g}", mark]


def _origin(result: Result) -> Iterator[Markup]:
    yield group("p", [tag("code", result.command)])
    yield facts([("device", result.device), *result.versions.items()])
    yield details("Configuration", group("pre", [tag("code", json.dumps(result.config, indent=1, ensure_ascii=False))]))
    yield details("Code", table("A digest of what every module does", ["module", "digest"], list(result.code.items())))
