"""From scores to candidates: the one place where items are cut, ordered and numbered."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.errors import DataError
from retrieval.records import Candidate


def best_candidates(
    catalogue: Catalogue,
    source: str,
    scores: NDArray[np.floating],
    top_n: int,
    exclude: Collection[str],
    *,
    positions: NDArray[np.intp] | None = None,
) -> tuple[Candidate, ...]:
    """The `top_n` best by score, equal scores in the order given; an item whose score is -inf is none.

    `scores[i]` belongs to the catalogue's row `positions[i]`, or to row i where `positions` is not given. Raises
    DataError for a score that is NaN or inf: no model that is whole gives one.
    """
    if not (scores < np.inf).all():  # False for NaN too
        raise _no_number(source, scores)
    open_scores = scores.copy()
    rows = np.arange(len(scores)) if positions is None else positions
    open_scores[_is_excluded(catalogue, exclude)[rows]] = -np.inf
    return tuple(
        Candidate(item=catalogue.at(rows[place]), score=float(scores[place]), source=source, rank=rank)
        for rank, place in enumerate(_best(open_scores, top_n), start=1)
    )


def _no_number(source: str, scores: NDArray[np.floating]) -> DataError:
    return DataError(
        f"{source} gives an item a score that is not a number",
        field="score",
        value=float(scores[~(scores < np.inf)][0]),
        remedy="What it has learnt is damaged: build again with --overwrite; in an evaluation, delete its fitted file.",
    )


def _is_excluded(catalogue: Catalogue, exclude: Collection[str]) -> NDArray[np.bool_]:
    flags = np.zeros(len(catalogue), dtype=np.bool_)
    flags[[catalogue.position(item_id) for item_id in exclude if item_id in catalogue]] = True
    return flags


def _best(scores: NDArray[np.floating], top_n: int) -> list[int]:
    """Places of the best finite scores, best first."""
    count = min(top_n, len(scores))
    if count <= 0:
        return []
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    places = np.flatnonzero((scores >= least) & (scores > -np.inf))
    best: list[int] = places[np.argsort(-scores[places], kind="stable")[:count]].tolist()
    return best
