"""The nouns of floor 2: the ordered answer, and why each item stands where it does."""

from dataclasses import dataclass, field
from typing import Literal

from retrieval.records import Item, SourceScore

Language = Literal["en", "zh"]
ExplanationSource = Literal["model", "template", "none"]
"""Who worded a reason. none: nobody, since there is no reason worth a sentence, or none that is short and new."""
AnsweredBy = Literal["llm", "retrieval", "request", "popular"]
"""Whose order an answer has: the LLM's with retrieval's, or without the LLM that of retrieval, that in which a request
named its items, or that of what everybody buys."""
Method = Literal["packed", "letters"]
"""packed: each candidate answers yes or no behind the shared prefix. letters: lists of up to 20, a letter each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A history item that moved this item's score: `effect` is how far the score falls without it, in log-odds. It is
    negative where the item speaks against.
    """

    item_id: str
    title: str
    effect: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why this item for this history. Every name in `text` was checked against the facts; `source` says who wrote it.

    `rejected` is why the model's own text was not used, empty where it was or where it was not asked for one.
    `evidence` holds what `text` cites, strongest first, and `against` what it says to speak against the item. Where
    nothing that was tried raised the score by more than random items do, `text` is empty: silence beats a weak reason.
    """

    text: str
    language: Language
    source: ExplanationSource
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()
    rejected: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedItem:
    """One place in a ranking. `llm_score` is log-odds of yes, None where the LLM did not score this item."""

    item: Item
    rank: int
    score: float
    retrieval_rank: int
    llm_score: float | None
    llm_rank: int | None
    sources: tuple[SourceScore, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """The ordered answer for one user. `degraded` says what of the LLM's answer is missing and why; empty: nothing.

    `answered_by` is whose order it is. `left_out` is what the request hides of that which would have been among the
    candidates otherwise, the best first.

    `timings_ms` has one entry a stage: retrieve, score, fuse, explain.
    """

    user_id: str
    items: tuple[RankedItem, ...]
    engine: str
    model: str
    adapter: str | None = None
    llm_weight: float = 0.0
    answered_by: AnsweredBy = "llm"
    degraded: str = ""
    left_out: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict, hash=False)
