"""The steps of a training: which lists, in which order. Seed and number say all, so that any step can be had again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, groupby, islice
from math import ceil
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from finetune.examples import Example, ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import chosen, training_list
from finetune.training.share import Passes, Share
from llm_rerank.prompt import Prompt
from retrieval.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one process computes before the weights change."""

    number: int
    passes: Passes
    lists: int
    """Of all processes together."""


def steps_of(config: TrainingConfig, examples: ExampleFolder) -> int:
    """How many steps the training has."""
    return max(1, ceil(config.epochs * _lists_of_an_epoch(config, examples) / config.lists_per_step))


def _lists_of_an_epoch(config: TrainingConfig, examples: ExampleFolder) -> int:
    if config.lists_per_user is None and config.targets == "any":
        return examples.rows("train")
    counts = examples.rows_per_user("train", retrieved=config.targets == "retrieved")
    return sum(min(rows, config.lists_per_user or rows) for rows in counts)


def load_steps(
    config: TrainingConfig, examples: ExampleFolder, prompt: Prompt, *, first: int, share: Share
) -> Iterator[Step]:
    """From step `first` to the last; other processes write them ahead where there are `workers`.

    Raises TrainingError where a step would have no list for some process: it would be waited for without end.
    """
    _require_lists(config, examples, share)
    _require_negatives(config, examples)
    dataset = _Steps(config, examples, prompt, first, share)
    loader: DataLoader[Any] = DataLoader(
        dataset,
        batch_size=None,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        multiprocessing_context="fork" if config.workers else None,  # a prompt with its caches cannot be pickled
    )
    return iter(loader)


def _require_lists(config: TrainingConfig, examples: ExampleFolder, share: Share) -> None:
    if not _lists_of_an_epoch(config, examples):
        raise TrainingError(
            "there is nothing to train on",
            field="examples",
            value=str(config.examples),
            remedy="Make examples of a log in which users come back, with retrievers that find what they come for.",
        )
    if config.lists_per_step < share.world:
        raise TrainingError(
            f"{share.world} processes cannot share the lists of a step",
            field="lists_per_step",
            value=config.lists_per_step,
            remedy="Raise it, or start fewer processes.",
        )


def _require_negatives(config: TrainingConfig, examples: ExampleFolder) -> None:
    """A target alone costs nothing: it would be trained on for hours, and nothing would be learnt."""
    asked = [kind for kind, count in config.negatives.model_dump().items() if count]
    rows = examples.read(examples.shards("train")[0])
    if not any(getattr(row, kind) for row in rows for kind in asked):
        raise TrainingError(
            "the examples hold none of the negatives that are asked for",
            field="negatives",
            value=asked,
            remedy="Ask for those that they hold, or make examples with these.",
        )


class _Steps(IterableDataset[Step]):
    def __init__(
        self, config: TrainingConfig, examples: ExampleFolder, prompt: Prompt, first: int, share: Share
    ) -> None:
        self._config, self._examples, self._prompt = config, examples, prompt
        self._first, self._share = first, share

    def __iter__(self) -> Iterator[Step]:
        worker = get_worker_info()
        mine, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        last = steps_of(self._config, self._examples)
        for number, rows in islice(enumerate(self._chunks()), self._first, last):
            if (number - self._first) % workers == mine:  # the loader takes one of each worker in turn
                yield self._write(number, rows)

    def _chunks(self) -> Iterator[list[Example]]:
        """Lists_per_step examples at a time, epoch after epoch without end; an epoch's rest opens the next one."""
        rows = (row for epoch in count() for row in self._epoch(epoch))
        while chunk := list(islice(rows, self._config.lists_per_step)):
            yield chunk

    def _epoch(self, epoch: int) -> Iterator[Example]:
        """Shards in random order, in each its users; a user's rows stay together, since they share a prefix."""
        rng = np.random.default_rng([self._config.seed, epoch])
        shards = self._examples.shards("train")
        for shard in rng.permutation(len(shards)):
            read = chosen(self._examples.read(shards[shard]), self._config)
            users = [list(rows) for _, rows in groupby(read, lambda row: row.user_id)]
            for user in rng.permutation(len(users)):
                yield from _some(users[user], self._config.lists_per_user, rng)

    def _write(self, number: int, rows: list[Example]) -> Step:
        config = self._config
        rng = np.random.default_rng([config.seed, 1, number])
        requests = [training_list(row, config.negatives, self._prompt, self._examples.catalogue, rng) for row in rows]
        return Step(number=number, passes=self._share.passes(requests, config.tokens_per_pass), lists=len(rows))


def _some(rows: list[Example], count: int | None, rng: np.random.Generator) -> list[Example]:
    """`count` of one user's rows that follow each other: they share the most of a prompt."""
    if count is None or len(rows) <= count:
        return rows
    start = rng.integers(len(rows) - count + 1)
    return rows[start : start + count]
