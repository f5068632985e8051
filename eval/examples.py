"""Examples: the users for whom a system did most for the better, and for the worse, than the one it is measured by.

A mean hides both; whoever decides on it should have seen them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from eval.answers import Answers, Rows
from eval.protocol import Protocol
from eval.result import SystemResult
from llm_rerank.tokenizer import one_line
from retrieval.catalogue import Catalogue
from retrieval.settings import Settings

EXAMPLES: Final = "examples.json"
_EACH: Final = 5
_SHOWN: Final = 5


class Listed(Settings):
    """One place of a list."""

    title: str
    right: bool
    """Whether the user took it."""


class Example(Settings):
    """One user: the headline metric, the mean over seeds, and the first places of the first seed's lists."""

    user_id: str
    taken: tuple[str, ...]
    """Titles of what was held out."""
    before: float
    after: float
    list_before: tuple[Listed, ...]
    list_after: tuple[Listed, ...]


class Examples(Settings):
    """Of one system and the one before it, the furthest apart first; empty where no user is better off, or worse."""

    system: str
    baseline: str
    metric: str
    best: tuple[Example, ...]
    worst: tuple[Example, ...]


def compared(systems: Sequence[SystemResult]) -> tuple[str, str] | None:
    """A system and what it is measured by, of systems with the best first: the best that reorders another, and that
    other; where none does, the two best. None where there is one system.
    """
    for one in systems:
        if one.reranking is not None:
            return one.name, one.reranking.of
    return (systems[0].name, systems[1].name) if len(systems) > 1 else None


class Shown:
    """Lists of a run as people read them."""

    def __init__(self, protocol: Protocol, catalogue: Catalogue) -> None:
        self._protocol = protocol
        self._ids = [item.item_id for item in catalogue]
        self._titles = {item.item_id: one_line(item.title) for item in catalogue}

    def examples(
        self, pair: tuple[str, str], metric: str, answers: Mapping[str, Answers], figures: Mapping[str, pd.Series]
    ) -> Examples:
        """`answers` and `figures`, row i about the protocol's user i, are of both systems of the pair."""
        system, baseline = pair
        gains = figures[system].to_numpy() - figures[baseline].to_numpy()
        order = np.argsort(-gains, kind="stable")
        best = [at for at in order[:_EACH] if gains[at] > 0]
        worst = [at for at in order[::-1][:_EACH] if gains[at] < 0]

        def shown(at: int) -> Example:
            user = self._protocol.users[at]
            right = self._protocol.relevant(user)
            return Example(
                user_id=user,
                taken=tuple(self._titles[item_id] for item_id in right),
                before=float(figures[baseline].iloc[at]),
                after=float(figures[system].iloc[at]),
                list_before=self._listed(answers[baseline].ranked[at], right),
                list_after=self._listed(answers[system].ranked[at], right),
            )

        return Examples(
            system=system,
            baseline=baseline,
            metric=metric,
            best=tuple(map(shown, best)),
            worst=tuple(map(shown, worst)),
        )

    def _listed(self, rows: Rows, right: Sequence[str]) -> tuple[Listed, ...]:
        ids = [self._ids[row] for row in rows[:_SHOWN]]
        return tuple(Listed(title=self._titles[item_id], right=item_id in right) for item_id in ids)
