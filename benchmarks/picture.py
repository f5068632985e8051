"""The picture of the scoring benchmark: time against K, log-log, a panel a history length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("Agg")  # no screen is needed, nor looked for
from matplotlib import pyplot as plt
from matplotlib.ticker import NullLocator, ScalarFormatter

from benchmarks.result import CellResult, Form

_STYLES: Final[dict[Form, tuple[str, str, str]]] = {
    "one_prompt": ("one prompt each", "#b3452c", "o-"),
    "letters": ("letters, lists of 20", "#8a8a8a", "s-"),
    "plain_pass": ("one plain pass of as many tokens", "#4a7fb5", "^--"),
    "packed": ("packed", "#1b6e53", "o-"),
}


def draw_times(results: Sequence[CellResult], path: Path) -> None:
    """Writes a PNG. Hollow markers: extrapolated."""
    histories = sorted({result.history for result in results})
    figure, panels = plt.subplots(
        1, len(histories), figsize=(4 * len(histories), 3.8), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, history in zip(panels[0], histories, strict=True):
        cells = [result for result in results if result.history == history]
        for form, (label, colour, style) in _STYLES.items():
            seconds = [cell.median(form) for cell in cells]
            panel.plot([cell.k for cell in cells], seconds, style, color=colour, label=label, markersize=5)
        hollow = [cell for cell in cells if cell.extrapolated]
        times = [cell.median("one_prompt") for cell in hollow]
        panel.plot([cell.k for cell in hollow], times, "o", color="white", markersize=2.5)
        panel.set(title=f"history of {history} items", xlabel="candidates K", xscale="log", yscale="log")
        panel.set_xticks([cell.k for cell in cells], minor=False)
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.xaxis.set_minor_locator(NullLocator())
        panel.grid(visible=True, alpha=0.3)
    panels[0][0].set_ylabel("seconds a list")
    panels[0][0].legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
