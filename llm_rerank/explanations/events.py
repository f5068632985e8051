"""What is known of reasons as they are made, in the order in which it comes. `place` is the item's, from 0."""

from dataclasses import dataclass, replace

from llm_rerank.ranking import Evidence, Explanation, Ranking


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Which items of the history raised the score, and which lowered it: computed, and so true."""

    place: int
    evidence: tuple[Evidence, ...]
    against: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """The next characters of what the model writes in its `attempt`, from 1. Nobody has checked them."""

    place: int
    attempt: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """The reason, checked; or that there is none."""

    place: int
    explanation: Explanation


ReasonEvent = Found | Drafted | Explained


def with_reason(ranking: Ranking, said: Explained) -> Ranking:
    """The ranking in which this item has its reason."""
    items = list(ranking.items)
    items[said.place] = replace(items[said.place], explanation=said.explanation)
    return replace(ranking, items=tuple(items))
