"""Pictures of a run as SVG that takes the colour of the page's text, so that it reads on light and on dark."""

import re
import warnings
from collections.abc import Sequence
from hashlib import sha256
from io import StringIO
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")  # no screen is needed, nor looked for
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eval.pages.markup import Markup
from eval.pages.verdict import best_first, surely_differ
from eval.result import Interval, Result, Slice, SystemResult

_INK: Final = "#010203"  # no plot's own colour: it stands for the page's text until the SVG is written
_COLOURS: Final = ("#3b7dd8", "#d9702b", "#2b9a66", "#a05fc4", "#c2397b", "#8a8a2a", "#2a9aa8", "#7a7a7a")
_STYLE: Final[Any] = {  # matplotlib types its settings one by one
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.hashsalt": "the same run, the same page",
    "svg.fonttype": "none",  # text stays text, in the reader's own fonts
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}
MOST_LINES: Final = len(_COLOURS)
"""So many systems, the best, have a colour: the same in every picture."""

_MOST_IN_SLICES: Final = 4  # more whiskers a slice cannot be told apart
_LONGEST_NAME: Final = 22


def forest(result: Result) -> Markup:
    """The headline metric with its interval, best on top; dotted: not surely behind the best."""
    metric = result.headline
    systems = best_first(result, metric)

    def draw(axes: Axes) -> None:
        for row, system in enumerate(systems):
            behind = row == 0 or surely_differ(system, systems[0], metric)
            _whisker(axes, row, system.metrics[metric], filled=behind)
        _rows(axes, [_short(system.name) for system in systems])
        axes.set_xlabel(metric)

    return _svg(draw, rows=len(systems))


def cutoff_curves(result: Result, name: str) -> Markup:
    """A metric by its cut-off, a line a system; empty where it has fewer than two cut-offs."""
    colours = _colours(result)
    lines = {system: _by_cutoff(result.system(system), name) for system in colours}
    lines = {system: points for system, points in lines.items() if len(points) > 1}

    def draw(axes: Axes) -> None:
        for system, points in lines.items():
            (line,) = axes.plot(list(points), list(points.values()), "o-", color=colours[system], markersize=3.5)
            line.set_label(_short(system))
        ticks = sorted({k for points in lines.values() for k in points})
        axes.set(xlabel="k", ylabel=f"{name}@k", xscale="log")
        axes.set_xticks(ticks, labels=[str(k) for k in ticks], minor=False)
        axes.set_xticks([], minor=True)
        _legend(axes)

    return _svg(draw) if lines else Markup("")


def learning_curves(result: Result) -> dict[str, Markup]:
    """A picture a curve name, a line a system, by epoch."""
    names = dict.fromkeys(name for system in result.systems for name in system.curves)
    return {name: _learning_curve(result, name) for name in names}


def _learning_curve(result: Result, name: str) -> Markup:
    def draw(axes: Axes) -> None:
        for system, colour in _colours(result).items():
            if values := result.system(system).curves.get(name):
                axes.plot(range(1, len(values) + 1), values, "o-", label=_short(system), color=colour, markersize=2.5)
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(axes)

    return _svg(draw)


def slice_plot(result: Result, family: str) -> Markup:
    """The headline metric of the best systems in every slice of a family, a colour a system, with intervals."""
    metric = result.headline
    colours = _colours(result)
    systems = [result.system(name) for name in colours if family in result.system(name).slices][:_MOST_IN_SLICES]
    labels = list(dict.fromkeys(label for system in systems for label in system.slices[family]))
    step = 0.8 / len(systems)

    def draw(axes: Axes) -> None:
        for number, system in enumerate(systems):
            for row, label in enumerate(labels):
                found = system.slices[family].get(label)
                if found and metric in found.metrics:
                    _whisker(
                        axes, row + step * (number + 0.5) - 0.4, found.metrics[metric], colour=colours[system.name]
                    )
            axes.plot([], [], "o", color=colours[system.name], label=_short(system.name))
        _rows(axes, [f"{_short(label)}\n{_users(label, family, systems)} users" for label in labels])
        axes.set_xlabel(metric)
        _legend(axes)

    return _svg(draw, rows=len(labels) * max(1.9, len(systems) / 2.2))


def trade_off(result: Result, beyond: str) -> Markup:
    """The headline metric against a measure of the lists, such as coverage@10; a point a system."""
    metric = result.headline
    colours = {name: colour for name, colour in _colours(result).items() if beyond in result.system(name).beyond}

    def draw(axes: Axes) -> None:
        for name, colour in colours.items():
            system = result.system(name)
            axes.plot(system.beyond[beyond], system.metrics[metric].mean, "o", color=colour, label=_short(name))
        axes.set(xlabel=beyond, ylabel=metric)
        _legend(axes)

    return _svg(draw) if colours else Markup("")


def importances(system: SystemResult) -> Markup:
    """The features of a learned blend, most important on top."""
    ordered = sorted(system.importances.items(), key=lambda entry: -entry[1])[:20]

    def draw(axes: Axes) -> None:
        axes.barh(range(len(ordered)), [gain for _, gain in ordered], color=_COLOURS[0])
        _rows(axes, [_short(name) for name, _ in ordered])
        axes.set_xlabel("gain")

    return _svg(draw, rows=len(ordered))


def _svg(draw: Any, *, rows: float = 0) -> Markup:
    """Draws on axes of phone width, as high as `rows` need. The size is left to the page."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's browser has its own fonts
        figure = Figure(figsize=(4.8, max(1.2, 0.7 + 0.3 * rows) if rows else 3.2), layout="constrained")
        draw(figure.add_subplot())
        written = StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _inline(written.getvalue())


def _inline(svg: str) -> Markup:
    """Without what only a file of its own needs, and with ids that no other picture of the page has."""
    text = svg[svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", re.sub(r'<g id="[^"]*"', "<g", text))
    own = f"i{sha256(text.encode()).hexdigest()[:8]}"
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{own}", text)
    return Markup(text.replace(_INK, "currentColor"))


def _whisker(axes: Axes, row: float, value: Interval, *, colour: str = _COLOURS[0], filled: bool = True) -> None:
    axes.plot([value.low, value.high], [row, row], "-" if filled else ":", color=colour, linewidth=1.5)
    axes.plot(value.mean, row, "o", color=colour, markerfacecolor=colour if filled else "none", markersize=5)


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels=list(labels))
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=True, axis="x", alpha=0.3)


def _legend(axes: Axes) -> None:
    """Above the plot, where it hides nothing."""
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    axes.grid(visible=True, axis="y", alpha=0.3)


def _colours(result: Result) -> dict[str, str]:
    """The best systems' colours, best first."""
    return dict(zip([system.name for system in best_first(result, result.headline)], _COLOURS, strict=False))


def _by_cutoff(system: SystemResult, name: str) -> dict[int, float]:
    points = {m.partition("@")[2]: found.mean for m, found in system.metrics.items() if m.partition("@")[0] == name}
    return {int(k): points[k] for k in sorted((k for k in points if k.isdecimal()), key=int)}


def _users(label: str, family: str, systems: Sequence[SystemResult]) -> str:
    slices: list[Slice] = [system.slices[family][label] for system in systems if label in system.slices[family]]
    return f"{slices[0].users:,}"


def _short(name: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in name)
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"
