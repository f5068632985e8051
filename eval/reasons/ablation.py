"""What a score is without the items that a reason cites, and with nothing else; and the same for random others.

Nothing of the program's own search for evidence is used: only the reranker's score, of histories that hold what the
model read and no older item in its place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.reasons.records import Scored, Tried
from llm_rerank.reranker import Query, Reranker
from retrieval.records import Item, UserHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """Items of the history whose part in the score of `item` is asked for."""

    item: Item
    cited: tuple[str, ...]


def tried(
    reranker: Reranker, history: UserHistory, trials: Sequence[Trial], rng: np.random.Generator
) -> list[Tried | None]:
    """All trials in one call; None for one that cites nothing, or for which fewer others were read than it cites."""
    read = reranker.prompt.shown_items(history, reranker.catalogue)
    sets = [_sets(trial.cited, read, rng) for trial in trials]
    queries = [
        Query(history=history.only(kept), items=(trial.item,))
        for trial, of_trial in zip(trials, sets, strict=True)
        for part in of_trial
        for kept in (set(read) - set(part), set(part))
    ]
    scores = (float(score) for (score,) in reranker.score(queries))
    return [_tried(of_trial, scores) for of_trial in sets]


def _tried(sets: Sequence[tuple[str, ...]], scores: Iterator[float]) -> Tried | None:
    """Takes its own from the scores."""
    if not sets:
        return None
    cited, others = (Scored(items=part, without=next(scores), only=next(scores)) for part in sets)
    return Tried(cited=cited, others=others)


def _sets(cited: tuple[str, ...], read: Sequence[str], rng: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    """The cited, and as many random others; empty where there is nothing to compare."""
    others = [item_id for item_id in read if item_id not in cited]
    if not cited or len(others) < len(cited):
        return ()
    return cited, tuple(rng.choice(others, size=len(cited), replace=False).tolist())
