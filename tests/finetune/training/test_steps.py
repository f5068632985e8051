from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from pydantic import ValidationError

from finetune.examples import ExampleFolder
from finetune.training.config import NegativesConfig, TrainingConfig
from finetune.training.lists import judged_among, training_list
from finetune.training.share import Share
from finetune.training.sources import ExampleSource
from finetune.training.steps import Step, load_steps, steps_of
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.layout import passes
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import TokenIds
from retrieval.errors import DatasetError, TrainingError
from retrieval.records import Item

Configure = Callable[..., TrainingConfig]
Load = Callable[..., list[Step]]
METHODS = pytest.mark.parametrize("method", ["packed", "letters"])


@pytest.fixture
def load(configure: Configure, examples: ExampleFolder, prompt: Prompt) -> Load:
    """The steps of a configuration that differs from the usual one in `others`."""

    def steps(first: int = 0, share: Share = Share(), **others: object) -> list[Step]:  # noqa: B008  frozen
        config = configure(**others)
        return list(load_steps(config, ExampleSource(config, examples, prompt), first=first, share=share))

    return steps


def lists(step: Step) -> list[ScoringRequest]:
    return [request for requests in step.passes for request in requests]


@METHODS
def test_a_seed_says_it_all(load: Load, method: str) -> None:
    assert load(method=method) == load(method=method)
    assert load(method=method) != load(method=method, seed=1)


@METHODS
@pytest.mark.parametrize("first", [1, 5])
def test_a_training_that_goes_on_gets_the_steps_that_were_left(load: Load, first: int, method: str) -> None:
    assert load(method=method, first=first) == load(method=method)[first:]


@pytest.mark.parametrize("lists_per_step", [6, 36])  # with one step there is nothing for the second
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(load: Load, workers: int, lists_per_step: int) -> None:
    assert load(workers=workers, lists_per_step=lists_per_step) == load(lists_per_step=lists_per_step)


def test_workers_go_on_where_training_does(load: Load) -> None:
    assert load(first=3, workers=2) == load()[3:]


def test_an_epoch_has_every_list_once(load: Load, examples: ExampleFolder, prompt: Prompt) -> None:
    rows = [row for shard in examples.shards("train") for row in examples.read(shard)]
    whole = [training_list(row, NegativesConfig(), prompt, examples.catalogue, np.random.default_rng()) for row in rows]
    found = Counter((request.prefix, request.continuations[0]) for step in load() for request in lists(step))
    assert found == Counter((request.prefix, request.continuations[0]) for request in whole)


def test_epochs_differ(load: Load) -> None:
    first, second = load(epochs=2)[:6], load(epochs=2)[6:]
    assert first == load()
    assert [step.passes for step in first] != [step.passes for step in second]


@pytest.mark.parametrize(("epochs", "steps"), [(1, 6), (0.5, 3), (0.51, 4), (2.5, 15), (1e-9, 1)])
def test_a_part_of_an_epoch_is_a_part_of_its_steps(
    load: Load, configure: Configure, examples: ExampleFolder, prompt: Prompt, epochs: float, steps: int
) -> None:
    config = configure(epochs=epochs)
    assert steps_of(config, ExampleSource(config, examples, prompt)) == steps
    assert [step.number for step in load(epochs=epochs)] == list(range(steps))


def test_so_many_steps_are_so_many_whatever_the_examples(load: Load, configure: Configure) -> None:
    assert [step.number for step in load(steps=7)] == list(range(7))
    with pytest.raises(ValidationError, match="both say how long"):
        configure(steps=7, epochs=2)


def test_every_step_is_full_since_the_next_epoch_fills_it(load: Load) -> None:
    assert [step.lists for step in load(lists_per_step=8)] == [8] * 5


@pytest.mark.parametrize("lists_per_step", [6, 7])
def test_two_processes_share_every_step(load: Load, lists_per_step: int) -> None:
    whole = load(lists_per_step=lists_per_step)
    halves = [load(share=Share(rank=rank, world=2), lists_per_step=lists_per_step) for rank in (0, 1)]
    for step, first, second in zip(whole, *halves, strict=True):
        assert lists(step) == lists(first) + lists(second)
        assert step.lists == first.lists == second.lists
        assert len(first.passes) == len(second.passes) > 0


def test_a_users_lists_stay_together(load: Load) -> None:
    prefixes = [request.prefix for step in load() for request in lists(step)]
    for start in range(0, 36, 3):
        first, second, third = prefixes[start : start + 3]
        assert second[: len(first)] == first
        assert third[: len(second)] == second


def test_a_list_has_the_target_first_and_as_many_negatives_as_configured(load: Load, prompt: Prompt) -> None:
    (good,) = set(prompt.title(Item(item_id="good", title="good")))
    for step in load():
        for request in lists(step):
            assert [good in continuation for continuation in request.continuations] == [True, *[False] * 4]
            assert len(set(request.continuations)) == 5


def test_processes_that_would_get_no_list_are_refused(load: Load) -> None:
    with pytest.raises(TrainingError, match="lists_per_step=2: 3 processes"):
        load(share=Share(rank=2, world=3), lists_per_step=2)


def test_a_list_to_validate_on_is_filled_with_what_there_is(examples: ExampleFolder, prompt: Prompt) -> None:
    (shard,) = examples.shards("validation")
    popular = replace(examples.read(shard)[0], hits=(), random=())
    assert len(judged_among(popular, 3)) == 2


def request(prefix: int, *continuations: int) -> ScoringRequest:
    """A prefix that counts from 1, and continuations of so many tokens."""
    return ScoringRequest(
        prefix=tuple(range(1, prefix + 1)), continuations=tuple((7,) * length for length in continuations), labels=(1,)
    )


def sizes(requests: list[ScoringRequest], tokens: int) -> list[int]:
    groups = passes(requests, tokens)
    assert [one for group in groups for one in group] == requests
    return [len(group) for group in groups]


def test_a_pass_holds_what_fits() -> None:
    apart = [ScoringRequest(prefix=(number, 0), continuations=((7,),), labels=(1,)) for number in range(5)]
    assert sizes(apart, 6) == [2, 2, 1]
    assert sizes(apart, 5) == [1, 1, 1, 1, 1]
    assert sizes(apart, 15) == [5]


def test_a_prefix_within_the_next_counts_once() -> None:
    growing = [request(4, 1), request(6, 1), request(6, 1), request(8, 1)]
    assert sizes(growing, 12) == [4]  # 8 + 4
    assert sizes(growing, 11) == [3, 1]  # 6 + 3, then a pass of its own for all of 8 + 1


def test_a_list_that_is_too_long_has_a_pass_of_its_own() -> None:
    assert sizes([request(2, 1), request(3, 50), request(2, 1)], 10) == [1, 1, 1]


def test_no_lists_are_no_passes() -> None:
    assert passes([], 10) == ()


def test_an_epoch_has_some_of_each_users_lists(
    load: Load, configure: Configure, examples: ExampleFolder, prompt: Prompt
) -> None:
    config = configure(lists_per_user=2, lists_per_step=4)
    steps = load(lists_per_user=2, lists_per_step=4)
    assert len(steps) == steps_of(config, ExampleSource(config, examples, prompt)) == 6
    users: dict[TokenIds, str] = {}  # one of those with this prompt: what user 0 took, user 10 took too
    for row in examples.all("train"):
        request = training_list(row, NegativesConfig(), prompt, examples.catalogue, np.random.default_rng())
        users.setdefault(request.prefix + request.continuations[0], row.user_id)
    drawn = Counter(users[request.prefix + request.continuations[0]] for step in steps for request in lists(step))
    assert drawn == {f"user{user:02}": 4 if user < 2 else 2 for user in range(10)}


def test_each_epoch_draws_others_of_a_users_lists(load: Load) -> None:
    first, second = load(lists_per_user=1, lists_per_step=12, epochs=2)
    assert Counter(map(str, lists(first))) != Counter(map(str, lists(second)))


def test_only_targets_that_retrieval_proposed_too(
    load: Load, configure: Configure, examples: ExampleFolder, prompt: Prompt
) -> None:
    config = configure(targets="retrieved")
    steps = load(targets="retrieved")
    assert len(steps) == steps_of(config, ExampleSource(config, examples, prompt)) == 4  # two of a user's three, by six
    trained = {request.prefix for step in steps for request in lists(step)}
    rng, asked = np.random.default_rng(), {True: set[TokenIds](), False: set[TokenIds]()}
    for row in examples.all("train"):
        request = training_list(row, NegativesConfig(), prompt, examples.catalogue, rng)
        asked[row.rank > 0].add(request.prefix)
    assert trained == asked[True]
    assert not trained & asked[False]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_shard_that_is_cut_short_is_named_whoever_reads_it(
    doors: Path, configure: Configure, prompt: Prompt, tmp_path: Path, workers: int
) -> None:
    copy = tmp_path / "examples"
    copytree(doors, copy)
    config = configure(examples=copy, workers=workers)
    source = ExampleSource(config, ExampleFolder(copy), prompt)
    shard = copy / "train-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.raises(DatasetError, match=r"^\w+='?.*train-00001") as caught:
        list(load_steps(config, source, first=0, share=Share()))
    assert "Traceback" not in str(caught.value)
    assert caught.value.remedy
