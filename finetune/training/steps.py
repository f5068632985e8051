"""The steps of a training: which lists, in which order. Seed and number say all, so that any step can be had again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from math import ceil
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from finetune.training.config import TrainingConfig
from finetune.training.share import Passes, Share
from finetune.training.sources import LazyList, Source
from retrieval.errors import LlmRerankError, TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one process computes before the weights change."""

    number: int
    passes: Passes
    lists: int
    """Of all processes together."""


def steps_of(config: TrainingConfig, source: Source) -> int:
    """How many steps the training has."""
    return config.steps or max(1, ceil(config.epochs * source.lists / config.lists_per_step))


def load_steps(config: TrainingConfig, source: Source, *, first: int, share: Share) -> Iterator[Step]:
    """From step `first` to the last; other processes write them ahead where there are `workers`.

    Raises TrainingError where a step would have no list for some process, and whatever stops the reading.
    """
    if config.lists_per_step < share.world:
        raise TrainingError(
            f"{share.world} processes cannot share the lists of a step",
            field="lists_per_step",
            value=config.lists_per_step,
            remedy="Raise it, or start fewer processes.",
        )
    loader: DataLoader[Any] = DataLoader(
        _Steps(config, source, first, share),
        batch_size=None,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        multiprocessing_context="fork" if config.workers else None,  # a prompt with its caches cannot be pickled
    )
    return _raised(loader)


def _raised(steps: Iterable[Step | LlmRerankError]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, LlmRerankError):
            raise step
        yield step


class _Steps(IterableDataset[Step | LlmRerankError]):
    """An error comes as a value: torch would raise another in its place, whose message is a worker's traceback."""

    def __init__(self, config: TrainingConfig, source: Source, first: int, share: Share) -> None:
        self._config, self._source, self._first, self._share = config, source, first, share

    def __iter__(self) -> Iterator[Step | LlmRerankError]:
        try:
            yield from self._steps()
        except LlmRerankError as err:
            yield err

    def _steps(self) -> Iterator[Step]:
        worker = get_worker_info()
        mine, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        last = steps_of(self._config, self._source)
        for number, lists in islice(enumerate(self._chunks()), self._first, last):
            if (number - self._first) % workers == mine:  # the loader takes one of each worker in turn
                yield self._write(number, lists)

    def _chunks(self) -> Iterator[list[LazyList]]:
        """Lists_per_step lists at a time, epoch after epoch without end; an epoch's rest opens the next one."""
        lists = (lazy_list for epoch in count() for lazy_list in self._source.epoch(epoch))
        while chunk := list(islice(lists, self._config.lists_per_step)):
            yield chunk

    def _write(self, number: int, lists: list[LazyList]) -> Step:
        rng = np.random.default_rng([self._config.seed, 1, number])
        requests = [lazy_list(rng) for lazy_list in lists]
        return Step(number=number, passes=self._share.passes(requests, self._config.tokens_per_pass), lists=len(lists))
