"""Histories as rows of numbers: what the model is trained on, and what is held out to see when to stop."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.retrievers.popularity import item_rows

_EACH = 5  # at most one user of so many is held out
NOTHING = -1  # where a window is padded, or where nothing is asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Histories:
    """All users' histories one after another: user u touched `items[bounds[u]:bounds[u + 1]]`, oldest first."""

    items: NDArray[np.int64]
    """Catalogue rows."""

    bounds: NDArray[np.int64]
    """(users + 1,)"""

    asked: NDArray[np.bool_]
    """Which interactions the model is to foresee: all, or in incremental training the new ones."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Interactions a user."""
        return np.diff(self.bounds)

    def of(self, user: int) -> NDArray[np.int64]:
        """One user's items."""
        return self.items[self.bounds[user] : self.bounds[user + 1]]

    def renumbered(self, rows: NDArray[np.int64]) -> "Histories":
        """The same by column: ascending `rows` are the catalogue rows of columns 0, 1, ..."""
        return Histories(items=_columns(self.items, rows), bounds=self.bounds, asked=self.asked)

    def without(self, positions: NDArray[np.int64]) -> "Histories":
        """The same less the interactions at these positions, at most one a user."""
        kept = np.ones(len(self.items), dtype=np.bool_)
        kept[positions] = False
        gone = np.append(0, np.cumsum(~kept))
        return Histories(items=self.items[kept], bounds=self.bounds - gone[self.bounds], asked=self.asked[kept])


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """Some users' last interactions: `histories[i]` came before `items[i]`."""

    histories: tuple[NDArray[np.int64], ...]
    items: NDArray[np.int64]

    def renumbered(self, rows: NDArray[np.int64]) -> "HeldOut":
        """The same by column; NOTHING for a held-out item that has none. Every item of the histories must have one."""
        histories = tuple(_columns(history, rows) for history in self.histories)
        return HeldOut(histories=histories, items=_columns(self.items, rows))

    def slice(self, start: int, stop: int) -> "HeldOut":
        """Some of the users."""
        return HeldOut(histories=self.histories[start:stop], items=self.items[start:stop])


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Windows of histories, padded at the end with NOTHING, and what came next at each place, both (windows, length).

    `next_items` is NOTHING too where no answer is asked for.
    """

    items: NDArray[np.int64]
    next_items: NDArray[np.int64]


def read_histories(log: InteractionLog, catalogue: Catalogue, *, new: NDArray[np.bool_] | None = None) -> Histories:
    """The log as rows; `new` flags the interactions to learn from, none: all."""
    users = log.frame["user_id"].factorize()[0]  # the log is sorted by user
    bounds = np.append(np.flatnonzero(np.diff(users, prepend=-1)), len(users))
    asked = np.ones(len(users), dtype=np.bool_) if new is None else new
    return Histories(items=item_rows(log, catalogue).astype(np.int64), bounds=bounds, asked=asked)


def hold_out(histories: Histories, most: int, rng: np.random.Generator) -> tuple[Histories, HeldOut]:
    """Takes the last interaction from at most `most` random users who keep at least two others.

    And from at most every fifth of them: the newest interactions are also what is most worth learning from.
    """
    eligible = np.flatnonzero((histories.lengths >= 3) & histories.asked[histories.bounds[1:] - 1])
    users = np.sort(rng.permutation(eligible)[: min(most, -(-len(eligible) // _EACH))])
    last = histories.bounds[users + 1] - 1
    before = tuple(histories.of(user)[:-1] for user in users.tolist())
    return histories.without(last), HeldOut(histories=before, items=histories.items[last])


def windows(histories: Histories, length: int) -> NDArray[np.int64]:
    """Starts and ends (windows, 2) of pieces of `length` + 1 interactions at most, which ask each asked one once.

    Counted from the newest, so that what is cut short is the oldest piece.
    """
    found = [
        (max(start, end - length - 1), end)
        for start, stop in pairwise(histories.bounds.tolist())
        for end in range(stop, start + 1, -length)
    ]
    pieces = np.array(found, dtype=np.int64).reshape(-1, 2)
    asks = np.append(0, np.cumsum(histories.asked))
    return pieces[asks[pieces[:, 1]] > asks[pieces[:, 0] + 1]]


def batches(histories: Histories, pieces: NDArray[np.int64], size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Every piece once, in random order, pieces of like length together: padding costs as much as content."""
    lengths = np.diff(pieces, axis=1)[:, 0]
    by_length = np.lexsort((rng.random(len(pieces)), lengths))
    groups = [by_length[start : start + size] for start in range(0, len(pieces), size)]
    for group in rng.permutation(len(groups)).tolist():
        yield _batch(histories, pieces[groups[group]])


def _columns(items: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.minimum(np.searchsorted(rows, items), len(rows) - 1)
    return np.where(rows[places] == items, places, NOTHING)


def _batch(histories: Histories, pieces: NDArray[np.int64]) -> Batch:
    starts, ends = pieces.T
    places = starts[:, None] + np.arange(int((ends - starts).max()) - 1)
    inside = places < ends[:, None] - 1
    following = np.where(inside, places + 1, 0)
    return Batch(
        items=np.where(inside, histories.items[np.where(inside, places, 0)], NOTHING),
        next_items=np.where(inside & histories.asked[following], histories.items[following], NOTHING),
    )
