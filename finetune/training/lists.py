"""A list as the model reads it: one request, the target first.

Packed scores do not depend on the order. Letters do: the list is shown in an order that chance says, and only what is
asked for, the labels, begins with the target's letter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from finetune.examples import Example
from finetune.training.config import NegativesConfig, TrainingConfig
from finetune.training.prior import RankPrior
from llm_rerank.counted import counted_history
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Method
from retrieval.catalogue import Catalogue
from retrieval.records import Item, UserHistory

JUDGED: Final = 20
"""Candidates of a list that a model is judged by, the target among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldList(ScoringRequest):
    """A list that another has judged."""

    told: tuple[float, ...]
    """Of every candidate a teacher's log-odds, or what retrieval's order says of it."""

    @classmethod
    def of(cls, request: ScoringRequest, told: tuple[float, ...]) -> "ToldList":
        """The request with that."""
        return cls(**{each.name: getattr(request, each.name) for each in fields(request)}, told=told)


def selected(examples: Iterable[Example], config: TrainingConfig) -> Iterator[Example]:
    """The examples that are trained and validated on."""
    return (example for example in examples if example.rank or config.targets == "any")


def consecutive(rows: list[Example], count: int | None, rng: np.random.Generator) -> list[Example]:
    """`count` of one user's rows that follow each other: they share the most of a prompt."""
    if count is None or len(rows) <= count:
        return rows
    start = rng.integers(len(rows) - count + 1)
    return rows[start : start + count]


def training_list(
    example: Example,
    negatives: NegativesConfig,
    prompt: Prompt,
    catalogue: Catalogue,
    rng: np.random.Generator,
    *,
    method: Method = "packed",
    prior: RankPrior | None = None,
) -> ScoringRequest:
    """The target, and negatives drawn from what the example holds; with the prior, or else the teacher's scores where
    it was taught.
    """
    hits, popular = len(example.hits), len(example.popular)
    drawn = [
        *_draw(range(hits), negatives.hits, rng),
        *_draw(range(hits, hits + popular), negatives.popular, rng),
        *_draw(range(hits + popular, len(example.negatives)), negatives.random, rng),
    ]
    others = [example.negatives[place] for place in drawn]
    request = _request(example, others, prompt, catalogue, method, rng)
    told = _taught(example, drawn) if prior is None else prior.of(example, drawn)
    return ToldList.of(request, told) if told else request


def validation_list(
    example: Example,
    prompt: Prompt,
    catalogue: Catalogue,
    *,
    method: Method = "packed",
    prior: RankPrior | None = None,
) -> ScoringRequest:
    """What is judged, as the model reads it, with the prior where it is judged beside that."""
    others = judged_among(example)
    request = _request(example, others, prompt, catalogue, method, judging_chance(example))
    return request if prior is None else ToldList.of(request, prior.of(example, range(len(others))))


def judged_among(example: Example, length: int = JUDGED) -> tuple[int, ...]:
    """Whom the target is judged among: the best hits, then, where these are few, random and popular items."""
    return (*example.hits, *example.random, *example.popular)[: length - 1]


def judging_chance(example: Example) -> np.random.Generator:
    """Says in which order a list that is judged is shown, where that matters: the same every time."""
    return np.random.default_rng([example.target, *example.history])


def history_of(example: Example, catalogue: Catalogue) -> UserHistory:
    """What the user had done."""
    known = [catalogue.at(item).item_id for item in example.history]
    return counted_history(example.user_id, known, example.times)


def _taught(example: Example, drawn: Sequence[int]) -> tuple[float, ...]:
    return tuple(example.taught[place] for place in (0, *(place + 1 for place in drawn))) if example.taught else ()


def _draw(places: Sequence[int], count: int, rng: np.random.Generator) -> list[int]:
    if len(places) <= count:
        return list(places)
    return [places[place] for place in rng.permutation(len(places))[:count]]


def _request(
    example: Example,
    others: Iterable[int],
    prompt: Prompt,
    catalogue: Catalogue,
    method: Method,
    rng: np.random.Generator,
) -> ScoringRequest:
    history, items = history_of(example, catalogue), [catalogue.at(row) for row in (example.target, *others)]
    if method == "packed":
        return prompt.yes_no(history, items, catalogue)
    return _lettered(history, items, prompt, catalogue, rng.permutation(len(items)))


def _lettered(
    history: UserHistory, items: Sequence[Item], prompt: Prompt, catalogue: Catalogue, shown: NDArray[np.int64]
) -> ScoringRequest:
    """`shown` are the items' numbers in the order of the letters; the labels are in the order of the items."""
    request = prompt.letters(history, [items[number] for number in shown], catalogue)
    return replace(request, labels=tuple(request.labels[place] for place in np.argsort(shown)))
