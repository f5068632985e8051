"""The same metrics over some of the users: short histories, targets that are rare, new or not proposed."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.result import Slice
from eval.statistics.significance import intervals

HISTORY_BOUNDS: Final = (5, 10)
"""First length of the second and of the third slice: 1-4, 5-9, 10+."""

_DECILES: Final = np.linspace(0, 1, 11)


Masks = dict[str, NDArray[np.bool_]]


def slices(
    history_lengths: NDArray[np.intp],
    target_counts: NDArray[np.float64],
    metrics: pd.DataFrame,
    held: NDArray[np.bool_] | None = None,
    *,
    seed: int = 0,
) -> dict[str, dict[str, Slice]]:
    """Families of slices; a family with one slice that is not empty says nothing new and is left out.

    `history_lengths`: training interactions of each user. `target_counts`: training interactions of each user's
    target, their mean where there are several. `metrics`: one row a user. `held`: whether the candidates that are
    reordered hold a target; None where none are. All have the same users in the same order.
    """
    families = {
        "history length": by_history(history_lengths),
        "popularity of the target": by_popularity(target_counts),
        "cold items": by_novelty(target_counts),
    }
    if held is not None:
        families["candidates"] = by_candidates(held)
    return {family: _measured(masks, metrics, seed) for family, masks in families.items() if _several(masks)}


def by_history(lengths: NDArray[np.intp]) -> Masks:
    """Short, medium and long histories."""
    medium, long = HISTORY_BOUNDS
    return {
        f"short, 1-{medium - 1}": lengths < medium,
        f"medium, {medium}-{long - 1}": (lengths >= medium) & (lengths < long),
        f"long, {long}+": lengths >= long,
    }


def by_popularity(counts: NDArray[np.float64]) -> Masks:
    """Tenths of the users by their target's training interactions, rarest first, labelled by the counts within.

    Equal counts stay together, so there are fewer than ten slices where many targets are equally rare.
    """
    edges = np.unique(np.quantile(counts, _DECILES))[1:-1]
    tenth = np.searchsorted(edges, counts, side="left")
    return {_range(counts[tenth == number]): tenth == number for number in np.unique(tenth)}


def by_novelty(counts: NDArray[np.float64]) -> Masks:
    """Users whose targets nobody had in training, and the others."""
    return {"never seen in training": counts == 0, "seen in training": counts > 0}


def by_candidates(held: NDArray[np.bool_]) -> Masks:
    """Users whom a reranker can help, and those for whom no order of the candidates is better than another."""
    return {"hold a right item": held, "hold none": ~held}


def _range(counts: NDArray[np.float64]) -> str:
    low, high = counts.min(), counts.max()
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _several(masks: Masks) -> bool:
    return sum(bool(mask.any()) for mask in masks.values()) > 1


def _measured(masks: Masks, metrics: pd.DataFrame, seed: int) -> dict[str, Slice]:
    return {
        label: Slice(users=int(mask.sum()), metrics=intervals(metrics[mask], seed=seed))
        for label, mask in masks.items()
        if mask.any()
    }
