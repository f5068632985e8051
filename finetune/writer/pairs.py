"""Pairs to learn writing from: facts as they are met in service, and sentences that the grammar draws from them.

Pair number n is the same whenever it is asked for: seed and number say all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from finetune.moments import known
from finetune.writer.config import WriterConfig
from llm_rerank.explanations.facts import MOST_CITATIONS, Facts, facts_of
from llm_rerank.explanations.grammar import say
from llm_rerank.ranking import Evidence, Language
from retrieval.errors import DatasetError
from retrieval.records import Item, UserHistory
from retrieval.shop import ShopData

_NEAREST: Final = 4
"""History items that may be cited, those most like the candidate: as many as service tries by default."""

_CITATIONS: Final = (0.15, 0.2, 0.65)
"""How likely none, one and two citations are: about as often as in service."""

_MOST_WORDS: Final = 30
_DRAWS: Final = 8
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Facts, and what may be said of them."""

    facts: Facts
    texts: tuple[str, ...]


class Pairs:
    """Draws users of a shop's log, moments of their histories, and candidates for these moments."""

    def __init__(self, config: WriterConfig, shop: ShopData, user_ids: Sequence[str]) -> None:
        """Raises DatasetError where there is nobody to draw."""
        if not user_ids:
            raise DatasetError(
                "there is nobody to learn from",
                field="dataset",
                value=shop.name,
                remedy="Give a log of more users.",
            )
        self._config, self._shop, self._users = config, shop, user_ids
        self._taken = shop.log.frame["item_id"].to_numpy(dtype=object)

    def at(self, number: int) -> Pair:
        """Pair number `number`, from 0 without end."""
        rng = np.random.default_rng([self._config.seed, 4, number])
        history, then = self._moment(rng)
        item = self._candidate(history, then, rng)
        facts = facts_of(item, self._evidence(item, history, rng), history, self._shop.catalogue)
        drawn = (_short(facts, self._config.language, rng) for _ in range(self._config.texts))
        return Pair(facts=facts, texts=tuple(dict.fromkeys(drawn)))

    def _moment(self, rng: np.random.Generator) -> tuple[UserHistory, str]:
        """What one user had done before one late moment, and what they took then: in service all is behind them.

        A first moment has nothing before it.
        """
        history = self._shop.log.history(self._users[int(rng.integers(len(self._users)))])
        count = len(history.interactions)
        taken = history.interactions[int(rng.integers(count * 3 // 4, count))]
        start = sum(interaction.timestamp < taken.timestamp for interaction in history.interactions)
        return known(history, start), taken.item_id

    def _candidate(self, history: UserHistory, then: str, rng: np.random.Generator) -> Item:
        """What came next, what many take, or, most likely, what this user takes often: as retrieval proposes."""
        popular = str(self._taken[int(rng.integers(len(self._taken)))])
        before = history.interactions
        again = before[int(rng.integers(len(before)))].item_id if before else popular
        return self._shop.catalogue[(then, popular, again, again)[int(rng.integers(4))]]

    def _evidence(self, item: Item, history: UserHistory, rng: np.random.Generator) -> tuple[Evidence, ...]:
        """None, or some of the history items most like the candidate: which of them count, only a model can tell."""
        words = _words(item)
        shown = [self._shop.catalogue[item_id] for item_id in history.item_ids[-self._config.history_items :]]
        nearest = sorted(shown, key=lambda other: -_overlap(words, _words(other)))[:_NEAREST]
        count = int(rng.choice(MOST_CITATIONS + 1, p=_CITATIONS))
        cited = [nearest[place] for place in rng.permutation(len(nearest))[:count]]
        return tuple(Evidence(item_id=each.item_id, title=each.title, effect=1.0) for each in cited)


def train_and_validation(config: WriterConfig, shop: ShopData) -> tuple[Pairs, Pairs | None]:
    """Pairs to train on, and such of other users, every fifth at most, to validate on: None of fewer than five."""
    users = np.random.default_rng([config.seed, 3]).permutation(np.array(shop.log.user_ids, dtype=object)).tolist()
    kept = min(config.validation_users, len(users) // 5)
    return Pairs(config, shop, users[kept:]), Pairs(config, shop, users[:kept]) if kept else None


def _short(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """A text of few words, where titles permit."""
    texts = [say(facts, language, rng) for _ in range(_DRAWS)]
    return next((text for text in texts if len(text.split()) <= _MOST_WORDS), min(texts, key=len))


def _words(item: Item) -> frozenset[str]:
    return frozenset(_WORD.findall(item.text.casefold()))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Their common share."""
    return len(one & other) / max(1, len(one | other))
