"""A list as the model reads it: one request, the target first. Packed scores do not depend on the order."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from finetune.examples import Example
from finetune.training.config import NegativesConfig, TrainingConfig
from llm_rerank.counted import counted_history
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt
from retrieval.catalogue import Catalogue


def chosen(examples: Iterable[Example], config: TrainingConfig) -> Iterator[Example]:
    """The examples that are trained and validated on."""
    return (example for example in examples if example.rank or config.targets == "any")


def training_list(
    example: Example, negatives: NegativesConfig, prompt: Prompt, catalogue: Catalogue, rng: np.random.Generator
) -> ScoringRequest:
    """The target, and negatives drawn from what the example holds."""
    drawn = [
        *_draw(example.hits, negatives.hits, rng),
        *_draw(example.popular, negatives.popular, rng),
        *_draw(example.random, negatives.random, rng),
    ]
    return _request(example, drawn, prompt, catalogue)


def validation_list(example: Example, length: int, prompt: Prompt, catalogue: Catalogue) -> ScoringRequest:
    """The target among the best hits, then, where these are few, random and popular items: the same every time."""
    return _request(example, [*example.hits, *example.random, *example.popular][: length - 1], prompt, catalogue)


def _draw(items: Sequence[int], count: int, rng: np.random.Generator) -> list[int]:
    if len(items) <= count:
        return list(items)
    return [items[place] for place in rng.permutation(len(items))[:count]]


def _request(example: Example, others: Iterable[int], prompt: Prompt, catalogue: Catalogue) -> ScoringRequest:
    items = [catalogue.at(row) for row in (example.target, *others)]
    known = [catalogue.at(row).item_id for row in example.history]
    return prompt.yes_no(counted_history(example.user_id, known, example.times), items, catalogue)
