"""All rows of one user. They depend on the log, the settings and the user alone, never on who came before."""

from collections.abc import Sequence

import numpy as np

from finetune.examples import Example
from finetune.examples_config import ExamplesConfig
from finetune.folds import Folds
from finetune.moments import Moment, known, moments, times
from finetune.negatives import Lottery
from retrieval.records import UserHistory
from retrieval.retrievers.popularity import item_rows
from retrieval.shop import ShopData


def chance(seed: int, user: int) -> np.random.Generator:
    """The random numbers of one user, by their number in the log."""
    return np.random.default_rng([seed, 2, user])


class UserExamples:
    """Makes examples of a shop's users."""

    def __init__(self, shop: ShopData, config: ExamplesConfig, folds: Folds | None) -> None:
        """Without `folds` there are no hits."""
        self._catalogue, self._log, self._config, self._folds = shop.catalogue, shop.log, config, folds
        self._number = {user_id: number for number, user_id in enumerate(shop.log.user_ids)}
        items = len(shop.catalogue)
        self._popular = Lottery(np.bincount(item_rows(shop.log, shop.catalogue), minlength=items))
        self._random = Lottery(np.ones(items, dtype=np.int64))

    def all(self, user_id: str) -> list[Example]:
        """One row a target, oldest first."""
        history, rng = self._log.history(user_id), chance(self._config.seed, self._number[user_id])
        found = moments(history, self._config, rng)
        return [example for moment in found for example in self._of_moment(history, moment, rng)]

    def newest(self, user_id: str) -> list[Example]:
        """One row of the newest moment, that of its last target."""
        history, rng = self._log.history(user_id), chance(self._config.seed, self._number[user_id])
        return self._of_moment(history, moments(history, self._config, rng)[-1], rng)[-1:]

    def _of_moment(self, history: UserHistory, moment: Moment, rng: np.random.Generator) -> list[Example]:
        before, count = known(history, moment.start), self._config.history_items
        taken, item_ids = times(before), before.item_ids
        now = {interaction.item_id for interaction in history.interactions[moment.start : moment.end]}
        found = self._found(before, now)
        hits = self._rows([item_id for item_id in found if item_id not in now][: self._config.hits])
        out = set(self._rows([*now] if self._config.repeats else [*now, *item_ids]))
        kept = item_ids[-count:]
        return [
            Example(
                user_id=history.user_id,
                history=tuple(self._rows(kept)),
                times=tuple(taken[item_id] for item_id in kept),
                target=self._catalogue.position(target),
                rank=self._rank(target, found, now),
                hits=tuple(hits),
                popular=tuple(popular := self._popular.draw(self._config.popular, {*out, *hits}, rng)),
                random=tuple(self._random.draw(self._config.random, {*out, *hits, *popular}, rng)),
            )
            for target in moment.targets
        ]

    def _found(self, before: UserHistory, now: set[str]) -> list[str]:
        """What is ranked highest for what was known, what then came among it: so much that enough is left without."""
        if self._folds is None:
            return []
        exclude = frozenset() if self._config.repeats else frozenset(before.item_ids)
        found = self._folds.retriever(before.user_id).retrieve(before, self._config.hits + len(now), exclude=exclude)
        return [candidate.item.item_id for candidate in found]

    def _rank(self, target: str, found: Sequence[str], now: set[str]) -> int:
        """The target's among what did not come; what came beside it is no rival."""
        rivals = [item_id for item_id in found if item_id not in now or item_id == target][: self._config.hits]
        return rivals.index(target) + 1 if target in rivals else 0

    def _rows(self, item_ids: Sequence[str]) -> list[int]:
        return [self._catalogue.position(item_id) for item_id in item_ids]
