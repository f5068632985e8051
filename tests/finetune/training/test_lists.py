"""Lettered lists: a good door is the target, the others are plain."""

from dataclasses import replace

import numpy as np
import pytest

from finetune.examples import Example, ExampleFolder
from finetune.training.config import NegativesConfig
from finetune.training.lists import training_list, validation_list
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import LETTERS, Prompt
from llm_rerank.tokenizer import ChatTokenizer, TokenIds

FIVE = NegativesConfig(hits=2, popular=1, random=1)


@pytest.fixture(scope="module")
def tokenizer(tiny: PreparedModel) -> ChatTokenizer:
    return ChatTokenizer.load(tiny.folder)


@pytest.fixture
def row(examples: ExampleFolder) -> Example:
    return next(examples.all("validation"))


def letters(tokenizer: ChatTokenizer, count: int, form: str = "{}") -> TokenIds:
    return tuple(token for letter in LETTERS[:count] for token in tokenizer.encode(form.format(letter)))


def titles(request: ScoringRequest, tokenizer: ChatTokenizer) -> dict[int, TokenIds]:
    """By letter, the token that is its label, the three words behind it."""
    (shown,) = request.continuations
    count = len(request.labels)
    places = [shown.index(bracketed) for bracketed in letters(tokenizer, count, "({})")]
    return {label: shown[at + 1 : at + 4] for label, at in zip(letters(tokenizer, count), places, strict=True)}


def test_the_first_label_is_the_targets_and_the_others_follow_their_items(
    row: Example, prompt: Prompt, examples: ExampleFolder, tokenizer: ChatTokenizer
) -> None:
    few = replace(row, hits=row.hits[:2], popular=(), random=())
    request = training_list(few, FIVE, prompt, examples.catalogue, np.random.default_rng(5), method="letters")
    expected = [prompt.title(examples.catalogue.at(item)) for item in (few.target, *few.hits)]
    assert [titles(request, tokenizer)[label] for label in request.labels] == expected
    assert request.labels != letters(tokenizer, 3)


def test_the_target_has_every_letter_now_and_then(
    row: Example, prompt: Prompt, examples: ExampleFolder, tokenizer: ChatTokenizer
) -> None:
    rng = np.random.default_rng(0)
    drawn = [training_list(row, FIVE, prompt, examples.catalogue, rng, method="letters") for _ in range(50)]
    assert {request.labels[0] for request in drawn} == set(letters(tokenizer, 5))


def test_a_packed_list_draws_what_it_always_drew(row: Example, prompt: Prompt, examples: ExampleFolder) -> None:
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    training_list(row, FIVE, prompt, examples.catalogue, rng)
    other.permutation(len(row.hits)), other.permutation(len(row.popular)), other.permutation(len(row.random))
    assert rng.integers(2**62) == other.integers(2**62)


def test_who_is_judged_is_shown_in_the_same_order_every_time_but_in_no_order_that_tells(
    prompt: Prompt, examples: ExampleFolder
) -> None:
    rows = list(examples.all("train"))
    once, again = (
        [validation_list(row, prompt, examples.catalogue, method="letters") for row in rows] for _ in range(2)
    )
    assert once == again
    assert len({request.labels[0] for request in once}) > 6  # of eleven
