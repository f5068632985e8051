"""Whether a reason speaks of what its reader then praised: the words that both have, against other readers' words.

A weak measure: a review of a few lines has few words, a reason names other items, and "comfortable" is not "soft".
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from eval.reasons.judge import words_of

_SHORTEST: Final = 3
_COMMON: Final = 0.05
"""Words that stand in more of the reviews than this, or of the reasons, say nothing of an item: with, great, rated."""
_PRAISE: Final = 4.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A reason for an item that somebody then reviewed."""

    reason: str
    title: str
    review: str
    stars: float
    category: str
    user: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """One reason's share of content words that stand in its reader's review, and in those of others of the category."""

    own: float
    others: float
    user: str


def overlaps(told: Sequence[Told]) -> list[Overlap]:
    """Of the reasons for items that were praised and that have words left when common ones and the title's are gone."""
    reviews = [set(words_of(one.review)) for one in told]
    common = _common(reviews) | _common([set(words_of(one.reason)) for one in told])
    found = []
    for place, one in enumerate(told):
        words = {w for w in words_of(one.reason) if len(w) >= _SHORTEST and w.isalpha()} - common
        words -= set(words_of(one.title))
        others = [
            reviews[other]
            for other, theirs in enumerate(told)
            if theirs.category == one.category and theirs.user != one.user
        ]
        if one.stars >= _PRAISE and words and others:
            shares = [len(words & review) / len(words) for review in (reviews[place], *others)]
            found.append(Overlap(own=shares[0], others=float(np.mean(shares[1:])), user=one.user))
    return found


def _common(texts: Sequence[set[str]]) -> set[str]:
    counts = Counter(word for text in texts for word in text)
    return {word for word, count in counts.items() if count > _COMMON * len(texts)}
