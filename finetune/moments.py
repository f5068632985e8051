"""Where in a user's history an example can be made: what came next at one moment, and what was known before it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from finetune.examples_config import ExamplesConfig
from retrieval.records import UserHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The interactions of one time, from `start` to before `end` in a history. What is before `start` was known."""

    start: int
    end: int
    targets: tuple[str, ...]


def count_moments(history: UserHistory) -> int:
    """How many different times a user did something at."""
    return len({interaction.timestamp for interaction in history.interactions})


def moments(history: UserHistory, config: ExamplesConfig, rng: np.random.Generator) -> tuple[Moment, ...]:
    """The moments of the time asked for that something was known before and that have a target, oldest first."""
    asking = [
        (start, end, targets)
        for start, end in _bounds(history)
        if (config.since is None or history.interactions[start].timestamp >= config.since)
        and (targets := _targets(history, start, end, config))
    ]
    newest = asking if config.moments_per_user is None else asking[-config.moments_per_user :]
    return tuple(
        Moment(start=start, end=end, targets=_draw(targets, config.targets_per_moment, rng))
        for start, end, targets in newest
    )


def known(history: UserHistory, start: int) -> UserHistory:
    """What a user had done before a moment."""
    return UserHistory(user_id=history.user_id, interactions=history.interactions[:start])


def times(history: UserHistory) -> Counter[str]:
    """How often each item is in a history."""
    return Counter(interaction.item_id for interaction in history.interactions)


def _bounds(history: UserHistory) -> Iterator[tuple[int, int]]:
    """Start and end of every moment but the first."""
    start = 0
    for _, group in groupby(interaction.timestamp for interaction in history.interactions):
        end = start + sum(1 for _ in group)
        if start:
            yield start, end
        start = end


def _targets(history: UserHistory, start: int, end: int, config: ExamplesConfig) -> list[str]:
    """The distinct items of the moment that could be asked for."""
    distinct = list(dict.fromkeys(interaction.item_id for interaction in history.interactions[start:end]))
    if config.repeats:
        return distinct
    seen = {interaction.item_id for interaction in history.interactions[:start]}
    return [item_id for item_id in distinct if item_id not in seen]


def _draw(targets: Sequence[str], count: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Some of them, in their order."""
    if len(targets) <= count:
        return tuple(targets)
    return tuple(targets[place] for place in np.sort(rng.permutation(len(targets))[:count]))
