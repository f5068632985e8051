import numpy as np
import pytest

from llm_rerank.explanations.phrases import Exactly, Phrase, is_said, maybe, one_of, row

GREETING = row(one_of("Good morning", understood=("Hi",)), maybe(", ", Exactly("It")), ".")


@pytest.mark.parametrize("text", ["Good morning.", "Good morning, It.", "hi, It.", "GOOD MORNING."])
def test_what_is_recognised(text: str) -> None:
    assert is_said(GREETING, text)


@pytest.mark.parametrize("text", ["", "Good", "Good morning", "Good morning, it.", "Good morning.!", " Good morning."])
def test_what_is_not(text: str) -> None:
    assert not is_said(GREETING, text)


def test_all_that_may_be_said_is_said_and_what_is_only_understood_never() -> None:
    rng = np.random.default_rng(0)
    assert {GREETING.say(rng) for _ in range(50)} == {"Good morning.", "Good morning, It."}


def test_no_text_takes_long() -> None:
    phrase: Phrase = one_of("a", "aa")
    many = row(*[phrase] * 200, "b")
    assert is_said(many, "a" * 300 + "b")
    assert not is_said(many, "a" * 300)
