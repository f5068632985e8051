"""What is said is what is recognised: whatever the facts are."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.grammar import say
from llm_rerank.ranking import Language
from retrieval.records import INTERACTION_KINDS

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]


@pytest.fixture(scope="session")
def priced(make_facts: Make, make_act: Act) -> Facts:
    """All that can be said: two acts, a price, a size."""
    told = make_facts(make_act("Whole milk 1 l", 2), make_act("Salted butter 250 g"))
    return replace(told, item=replace(told.item, price=2.49, attributes={"size": "small"}))


def drawn(facts: Facts, language: Language = "en", count: int = 400) -> set[str]:
    rng = np.random.default_rng(0)
    return {say(facts, language, rng) for _ in range(count)}


@given(
    data=st.data(),
    titles=st.lists(st.sampled_from(["Tea", "Tea, 80 bags", "Tea, 20 bags", "It", "ß, 2", "A. B"]), max_size=2),
    seed=st.integers(0, 2**32),
)
def test_what_is_said_passes_the_check(
    make_facts: Make, make_act: Act, data: st.DataObject, titles: list[str], seed: int
) -> None:
    acts = [
        make_act(title, data.draw(st.integers(1, 12)), kind=data.draw(st.sampled_from(INTERACTION_KINDS)))
        for title in titles
    ]
    item = data.draw(st.sampled_from(["Oat milk 1 l", "Tea, 80 bags", "It"]))
    brand = data.draw(st.sampled_from(["Meadow", "store brand", ""]))
    told = make_facts(*acts, item=item, brand=brand)
    for language in ("en", "zh"):
        assert problem_with(say(told, language, np.random.default_rng(seed)), told, language) == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_is_much_to_say(priced: Facts, language: Language) -> None:
    assert len(drawn(priced, language)) > 200


def test_at_most_two_sentences_of_few_words_and_no_persuasion(priced: Facts) -> None:
    texts = drawn(priced)
    assert max(text.count(". ") + text.endswith(".") for text in texts) == 2
    assert np.mean([len(text.split()) for text in texts]) < 30
    persuading = ("love", "perfect", "because", "must", "should", "best", "enjoy", "great", " so ")
    assert not [text for text in texts for word in persuading if word in text.casefold()]


def test_what_says_its_own_name_is_said_where_there_is_nothing_else(make_facts: Make, make_act: Act) -> None:
    milk = make_act("Whole milk 1 l")
    told = make_facts(replace(milk, item=replace(milk.item, brand="store brand")), brand="store brand")
    assert not [text for text in drawn(told) if "also listed as" in text]
    assert problem_with("You bought Whole milk 1 l. This item is also listed as store brand.", told, "en") == ""
    apart = replace(told, item=replace(told.item, category="drinks"))
    assert [text for text in drawn(apart) if "also listed as" in text]


def test_this_item_is_written_as_its_place_asks(priced: Facts) -> None:
    for text in drawn(priced):
        assert not re.search(r"(?<![.!] )(?<!^)This item|(?:^|[.!] )this item", text), text


def test_each_text_cites(priced: Facts) -> None:
    assert all("Whole milk 1 l" in text or "Salted butter 250 g" in text for text in drawn(priced))


def test_where_there_is_nothing_to_cite_the_text_says_so(priced: Facts) -> None:
    assert all("Nothing that was tried" in text for text in drawn(replace(priced, acts=())))


def test_a_suggestion_is_not_compared_with_itself(make_facts: Make, make_act: Act) -> None:
    own = make_facts(make_act("Oat milk 1 l", 3))
    assert not [text for text in drawn(own) if " also " in text or " too." in text or "same" in text]


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("You bought Whole milk 1 l. Oat milk 1 l is also in the category dairy.", True),
        ("You bought Whole milk 1 l twice. This item is in the category dairy too.", True),
        ("Like Whole milk 1 l, which you bought twice, Oat milk 1 l is in the category dairy.", True),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Field and priced at 2.49.", True),
        ("Your two purchases of Whole milk 1 l raised the model's score of Oat milk 1 l.", True),
        ("With Whole milk 1 l in your history, the model scores Oat milk 1 l higher.", True),
        ("You bought Whole milk 1 l. Oat milk 1 l is priced at 2.50.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is priced at 2.4.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is only priced at 2.49.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Meadow.", False),  # the cited item's
        ("You bought Whole milk 1 l. Oat milk 1 l is also of the brand Field.", False),  # not shared
        ("You bought Whole milk 1 l. Oat milk 1 l has the same brand, Meadow.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is in the category drinks.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is in the category Dairy.", False),  # not its name
        ("You bought Whole milk 1 l. Oat milk 1 l is cheaper.", False),
        ("You bought Whole milk 1 l. Whole milk 1 l is priced at 2.49.", False),
        ("Like Oat milk 1 l, which you bought twice, Whole milk 1 l is in the category dairy.", False),
        ("Like Whole milk 1 l, which you bought once, Oat milk 1 l is in the category dairy.", False),
        ("Your three purchases of Whole milk 1 l raised the model's score of Oat milk 1 l.", False),
        ("Your purchase of Whole milk 1 l raised the model's score of Oat milk 1 l.", False),  # two of them
        ("Your two purchases of Whole milk 1 l raised your love of Oat milk 1 l.", False),
        ("You bought Whole milk 1 l twice and Salted butter 250 g.", False),  # twice each?
        ("Oat milk 1 l is priced at 2.49.", False),  # cites nothing
        ("Nothing that was tried of your history raised the model's score of Oat milk 1 l.", False),
        ("You bought Whole milk 1 l. Oat milk 1 l is suggested. It is priced at 2.49.", False),
    ],
)
def test_attributes_and_scores_are_told_as_they_are(priced: Facts, text: str, true: bool) -> None:
    assert (problem_with(text, priced, "en") == "") is true


def test_what_one_cited_item_shares_is_not_said_of_two(make_facts: Make, make_act: Act) -> None:
    milk, tea = make_act("Whole milk 1 l"), make_act("Black tea")
    other = replace(tea, item=replace(tea.item, category="drinks"))
    two = make_facts(milk, other)
    assert not problem_with("You bought Whole milk 1 l. This item is also in the category dairy.", two, "en")
    assert problem_with("You bought Whole milk 1 l and Black tea. This item is also in the category dairy.", two, "en")
    assert problem_with("您买过“Whole milk 1 l”，还买过“Black tea”。这款商品的类别也是dairy。", two, "zh")
