from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from finetune.examples import ExampleFolder
from finetune.training.config import NegativesConfig, TrainingConfig
from finetune.training.lists import ToldList
from finetune.training.sources import ExampleSource, LazyList, ReplaySource
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt
from retrieval.errors import TrainingError

Configure = Callable[..., TrainingConfig]


@dataclass(frozen=True)
class Numbers:
    """Lists that are told apart by their prefix: `first` and those after it, the same in every epoch."""

    first: int
    lists: int

    def epoch(self, number: int) -> Iterator[LazyList]:
        return (numbered(self.first + place) for place in range(self.lists))


def numbered(number: int) -> LazyList:
    return lambda rng: ScoringRequest(prefix=(number,), continuations=((1,),), labels=(1,))


def written(lists: Iterator[LazyList]) -> list[int]:
    return [lazy_list(np.random.default_rng()).prefix[0] for lazy_list in lists]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.5, [0, 100, 1, 101, 2, 102, 3, 100]),  # three old ones: their next epoch follows
        (0.2, [0, 1, 2, 3, 100]),
        (0.25, [0, 1, 2, 100, 3]),
        (0.75, [0, 100, 101, 102, 1, 100, 101, 102, 2, 100, 101, 102, 3, 100, 101, 102]),
        (1e-9, [0, 1, 2, 3]),
    ],
)
def test_old_lists_come_among_the_new_ones(share: float, expected: list[int]) -> None:
    source = ReplaySource(Numbers(0, 4), Numbers(100, 3), share)
    assert written(source.epoch(0)) == expected
    assert source.lists == len(expected)


def test_every_new_list_comes_once_an_epoch_and_old_ones_have_their_share() -> None:
    source = ReplaySource(Numbers(0, 700), Numbers(1000, 90), 0.3)
    found = written(source.epoch(3))
    assert sorted(number for number in found if number < 1000) == list(range(700))
    assert sum(number >= 1000 for number in found) / len(found) == pytest.approx(0.3, abs=0.002)


def test_replay_draws_other_old_lists_in_other_epochs(configure: Configure, doors: Path, prompt: Prompt) -> None:
    old = ExampleSource(configure(), ExampleFolder(doors), prompt)
    source = ReplaySource(Numbers(0, 5), old, 0.5)
    first, second = ([one(np.random.default_rng(0)) for one in source.epoch(epoch)] for epoch in (0, 1))
    assert [request.prefix for request in first] != [request.prefix for request in second]


def test_nothing_to_train_on_is_refused(configure: Configure, prompt: Prompt, empty: Path) -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        ExampleSource(configure(), ExampleFolder(empty), prompt)


def test_negatives_that_the_examples_do_not_hold_are_refused(
    configure: Configure, prompt: Prompt, without_hits: Path
) -> None:
    config = configure(negatives=NegativesConfig(hits=4, popular=0, random=0))
    with pytest.raises(TrainingError, match=r"negatives=\['hits'\]: .* holds none"):
        ExampleSource(config, ExampleFolder(without_hits), prompt)


def test_examples_that_no_teacher_scored_cannot_be_distilled(configure: Configure, doors: Path, prompt: Prompt) -> None:
    with pytest.raises(TrainingError, match=r"no teacher has scored.*llm-rerank teach"):
        ExampleSource(configure(loss="distillation"), ExampleFolder(doors), prompt)


def test_what_was_taught_comes_with_the_teachers_scores(configure: Configure, taught: Path, prompt: Prompt) -> None:
    """The conftest's teacher likes an item the less, the higher its number."""
    examples = ExampleFolder(taught)
    source = ExampleSource(configure(loss="distillation"), examples, prompt)
    for lazy_list in source.epoch(0):
        request = lazy_list(np.random.default_rng(7))
        assert isinstance(request, ToldList)
        assert len(request.told) == len(request.continuations) == 5
        titles = [prompt.title(examples.catalogue.at(-int(score))) for score in request.told]
        for title, continuation in zip(titles, request.continuations, strict=True):
            assert any(continuation[at : at + len(title)] == tuple(title) for at in range(len(continuation)))
