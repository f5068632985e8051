"""Where the lists of a training come from, epoch after epoch; to write one costs time, so that it is put off."""

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain, count, groupby
from math import ceil
from typing import Protocol

import numpy as np

from finetune.examples import ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import consecutive, selected, training_list
from finetune.training.prior import RankPrior
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt
from retrieval.errors import TrainingError

LazyList = Callable[[np.random.Generator], ScoringRequest]
"""A list to come: the random numbers of its step say which negatives it gets."""


class Source(Protocol):
    """Lists, in an order that seed and epoch say."""

    @property
    def lists(self) -> int:
        """How many an epoch has."""
        ...

    def epoch(self, number: int) -> Iterator[LazyList]:
        """Those of one epoch."""
        ...


def prior_of(config: TrainingConfig, examples: ExampleFolder) -> RankPrior | None:
    """What the model learns beside, if anything."""
    return RankPrior.of_folder(examples) if config.beside == "retrieval" else None


class ExampleSource:
    """One folder's examples: shards in random order, in each its users; a user's lists stay together, since they share
    a prefix."""

    def __init__(
        self,
        config: TrainingConfig,
        examples: ExampleFolder,
        prompt: Prompt,
        *,
        field: str = "examples",
        without: Collection[str] = (),
    ) -> None:
        """`field` is the setting that names the folder; nothing is learnt from users in `without`.

        Raises TrainingError where there is nothing to learn from, or not what was asked for.
        """
        self._config, self._examples, self._prompt = config, examples, prompt
        self._field, self._without, self._prior = field, frozenset(without), prior_of(config, examples)
        self.lists = self._count()
        self._require_lists()
        self._require_negatives()
        self._require_teacher()

    def epoch(self, number: int) -> Iterator[LazyList]:
        """See Source.epoch."""
        rng = np.random.default_rng([self._config.seed, number])
        shards = self._examples.shards("train")
        draw = partial(training_list, method=self._config.method, prior=self._prior)
        negatives, catalogue = self._config.negatives, self._examples.catalogue
        for shard in rng.permutation(len(shards)):
            read = selected(self._examples.read(shards[shard]), self._config)
            users = [list(rows) for user, rows in groupby(read, lambda row: row.user_id) if user not in self._without]
            for user in rng.permutation(len(users)):
                for row in consecutive(users[user], self._config.lists_per_user, rng):
                    yield partial(draw, row, negatives, self._prompt, catalogue)

    def _count(self) -> int:
        counts = self._examples.rows_per_user("train", retrieved=self._config.targets == "retrieved")
        most = self._config.lists_per_user
        return sum(min(rows, most or rows) for user, rows in counts.items() if user not in self._without)

    def _require_lists(self) -> None:
        if not self.lists:
            raise TrainingError(
                "there is nothing to train on",
                field=self._field,
                value=str(self._examples.folder),
                remedy="Make examples of a log in which users come back, with retrievers that find what they come for.",
            )

    def _require_negatives(self) -> None:
        """A target alone costs nothing: it would be trained on for hours, and nothing would be learnt."""
        asked = [kind for kind, count in self._config.negatives.model_dump().items() if count]
        rows = self._examples.read(self._examples.shards("train")[0])
        if not any(getattr(row, kind) for row in rows for kind in asked):
            raise TrainingError(
                f"{self._examples.folder} holds none of the negatives that are asked for",
                field="negatives",
                value=asked,
                remedy="Ask for those that they hold, or make examples with these.",
            )

    def _require_teacher(self) -> None:
        if self._config.loss == "distillation" and not self._examples.taught:
            raise TrainingError(
                "no teacher has scored these examples",
                field=self._field,
                value=str(self._examples.folder),
                remedy="Run `llm-rerank teach` over them and name the folder that it writes, or choose another loss.",
            )


class ReplaySource:
    """New lists, and among them earlier ones: what is learnt now shall not cost what was learnt then.

    Experience replay (Rolnick et al. 2019). An epoch has each of the new lists once.
    """

    def __init__(self, new: Source, old: Source, share: float) -> None:
        """`share` of all lists are old ones."""
        exact = Fraction(str(share))
        self._new, self._old, self._per_new = new, old, exact / (1 - exact)

    @property
    def lists(self) -> int:
        """See Source.lists."""
        return self._new.lists + self._owed(self._new.lists)

    def epoch(self, number: int) -> Iterator[LazyList]:
        """See Source.epoch."""
        first = number * ceil(self._owed(self._new.lists) / self._old.lists)  # none of the old epochs comes twice
        old = chain.from_iterable(self._old.epoch(later) for later in count(first))
        for place, lazy_list in enumerate(self._new.epoch(number)):
            yield lazy_list
            for _ in range(self._owed(place + 1) - self._owed(place)):
                yield next(old)

    def _owed(self, new: int) -> int:
        """How many old lists go with so many new ones."""
        return int(new * self._per_new)
