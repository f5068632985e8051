"""A finished training in one picture: what was learnt, step by step."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")  # no screen is needed, nor looked for
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from finetune.training.checkpoint import Checkpoint
from retrieval.files import write_whole

PICTURE: Final = "learning-curve.png"
_COLOUR: Final = "#3b7dd8"
_BEST: Final = "#d9702b"
_STYLE: Final[Any] = {  # matplotlib types its settings one by one
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def write_picture(path: Path, state: Checkpoint, measure: str, rates: Sequence[float]) -> None:
    """Loss and learning rate of every step and, where there were any, what validations found; as PNG."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8, 5 if state.validations else 2.6), layout="constrained", dpi=120)
        rows = figure.subplots(2 if state.validations else 1, 2, sharex=True, squeeze=False)
        _losses(rows[0][0], state.losses)
        _line(rows[0][1], "learning rate", range(1, len(rates) + 1), rates)
        if state.validations:
            steps, found, losses = zip(*state.validations, strict=True)
            _line(rows[1][0], f"validation {measure}", steps, found, "o-")
            _best(rows[1][0], state)
            _line(rows[1][1], "validation loss", steps, losses, "o-")
        for axes in rows[-1]:
            axes.set_xlabel("step")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        # No metadata: it would name the version that drew.
        write_whole(path, lambda part: figure.savefig(part, format="png", metadata={"Software": None}))


def smoothed(values: Sequence[float]) -> NDArray[np.float64]:
    """At every place the mean of the newest values: a twentieth of all, fewer at the beginning."""
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - max(1, len(values) // 20))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    mean: NDArray[np.float64] = (sums[stop] - sums[start]) / (stop - start)
    return mean


def _losses(axes: Axes, losses: Sequence[float]) -> None:
    steps = range(1, len(losses) + 1)
    axes.plot(steps, losses, color=_COLOUR, alpha=0.3, linewidth=0.8, label="of a step")
    axes.plot(steps, smoothed(losses), color=_COLOUR, linewidth=1.5, label="smoothed")
    axes.set_title("training loss")
    axes.legend(fontsize=8)


def _line(axes: Axes, title: str, steps: Sequence[int], values: Sequence[float], form: str = "-") -> None:
    axes.plot(steps, values, form, color=_COLOUR, markersize=3)
    axes.set_title(title)


def _best(axes: Axes, state: Checkpoint) -> None:
    step, found, _ = max(state.validations, key=lambda validation: validation[1])
    axes.plot(step, found, "o", color=_BEST, label=f"best: {found:.4f} at step {step}")
    axes.legend(fontsize=8)
