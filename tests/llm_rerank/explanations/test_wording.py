"""What is made of a true sentence before somebody reads it."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.grammar import say
from llm_rerank.explanations.length import cut, length
from llm_rerank.explanations.names import names_in
from llm_rerank.explanations.wording import by_rule, finished, is_short
from llm_rerank.ranking import Language

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]
LONG = "Stainless steel vacuum insulated water bottle with straw lid and handle, 1 litre, blue"


def shown(text: str, facts: Facts, language: Language = "en") -> str:
    worded = finished(text, facts, language)
    return "" if worded is None else worded.text


def test_an_english_text_is_counted_in_words_and_a_chinese_one_in_characters() -> None:
    assert length("You bought Milk, 1.5 l twice.", "en") == 6
    assert length("您买过“Milk 1 l”2次。", "zh") == 8
    assert cut("Milk, whole, 1 l", "en", 2) == "Milk, whole…"
    assert cut("全脂牛奶一升", "zh", 4) == "全脂牛奶…"


def test_a_fact_stands_in_for_a_mere_proposal(milk: Facts) -> None:
    expected = "You bought Whole milk 1 l twice. This item is in the category dairy."
    assert shown("You bought Whole milk 1 l twice. We suggest this item.", milk) == expected
    assert shown("You bought Whole milk 1 l twice.", milk) == expected
    own = "You bought Whole milk 1 l twice. This item is of the brand Field."
    assert shown(own, milk) == own


def test_a_fact_stands_in_for_a_mere_proposal_in_chinese(milk: Facts) -> None:
    text = "您买过“Whole milk 1 l”2次。"
    assert shown(f"{text}推荐“Oat milk 1 l”。", milk, "zh") == f"{text}这款商品的类别是dairy。"


def test_what_speaks_against_it_takes_the_place_of_what_else_is_told(milk: Facts, make_act: Act) -> None:
    facts = replace(milk, against=make_act("Black tea"))
    text = "You bought Whole milk 1 l twice. This item is of the brand Field."
    assert (
        shown(text, facts) == "You bought Whole milk 1 l twice. Your purchase of Black tea lowered this item's score."
    )


def test_a_doubt_does_too(milk: Facts) -> None:
    told = shown("You bought Whole milk 1 l twice.", replace(milk, known=2))
    assert told == "You bought Whole milk 1 l twice. I know only two things that you did, so I may be wrong."


def test_only_what_a_text_names_is_cited(milk: Facts) -> None:
    worded = finished("You bought Salted butter 250 g.", milk, "en")
    assert worded is not None
    assert [act.title for act in worded.acts] == ["Salted butter 250 g"]
    both = finished("You bought Whole milk 1 l and Salted butter 250 g.", milk, "en")
    assert both is not None
    assert both.acts == milk.acts


def test_a_full_stop_in_a_title_ends_no_sentence(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act("Crisps, approx. 5.5 oz. Salted"))
    text = "You bought Crisps, approx. 5.5 oz. Salted. This item is of the brand Field."
    assert shown(text, facts) == text


def test_what_is_too_long_gives_up_its_fact_first(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act(LONG))
    text = f"You bought {LONG} once on 5 January 2024, which raised the model's score of this item."
    assert is_short(text, "en")
    assert shown(text, facts) == text
    longer = f"You bought {LONG} once, which raised the model's score of Oat milk 1 l. We suggest this item."
    assert shown(longer, facts) == longer.removesuffix(" We suggest this item.")


def test_what_is_too_long_all_the_same_is_not_shown(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act(f"{LONG}, 20"), make_act(f"{LONG}, 30"))
    text = f"You bought {LONG}, 20 and {LONG}, 30, which raised the model's score of this item."
    assert finished(text, facts, "en") is None


def test_titles_are_cut_before_a_text_is_given_up(make_facts: Make, make_act: Act) -> None:
    facts = replace(make_facts(make_act(LONG), make_act("Tea")), against=make_act("Coffee"))
    text = f"You bought {LONG} and Tea, which raised the model's score of this item. We suggest Oat milk 1 l."
    cut = "Stainless steel vacuum insulated water bottle…"
    first = f"You bought {cut} and Tea, which raised the model's score of this item."
    assert shown(text, facts) == f"{first} Your purchase of Coffee lowered this item's score."


def test_a_rule_tells_it_in_another_way_where_it_was_said(milk: Facts) -> None:
    said: set[str] = set()
    while (worded := by_rule(milk, "en", said)) is not None:
        assert worded.text not in said
        said.add(worded.text)
    assert len(said) > 3


def test_a_rule_says_nothing_where_titles_leave_no_room(make_facts: Make, make_act: Act) -> None:
    endless = " ".join(["word"] * 40)
    facts = make_facts(make_act(f"{endless} a"), item=f"{endless} b")
    assert by_rule(facts, "en", ()) is None


@pytest.mark.parametrize("titles", [("Milk, whole", "Milk"), ("Milk", "Milk, whole"), ("Milk 1", "Milk 1.5 l")])
def test_what_is_cited_is_what_the_text_names(make_facts: Make, make_act: Act, titles: tuple[str, str]) -> None:
    facts = make_facts(*map(make_act, titles))
    for title in titles:
        worded = finished(f"You bought {title}, which raised the model's score of this item.", facts, "en")
        assert worded is not None
        assert [act.title for act in worded.acts] == [title]


def test_a_name_is_not_also_that_of_what_speaks_against_the_item(make_facts: Make, make_act: Act) -> None:
    facts = replace(make_facts(make_act("Milk, whole")), against=make_act("Milk"))
    assert problem_with("You bought Milk.", facts, "en")
    assert not problem_with("You bought Milk, whole.", facts, "en")
    assert shown("You bought Milk, whole.", facts).startswith("You bought Milk, whole. Your purchase of Milk lowered")


@pytest.mark.parametrize("second", ["", " We suggest this item.", " This item is of the brand Field."])
def test_a_full_stop_within_a_title_divides_nothing(make_facts: Make, make_act: Act, second: str) -> None:
    facts = make_facts(make_act("Windows 8"), make_act("Windows 8.1", 2))
    worded = finished(f"You bought Windows 8.1 twice.{second}", facts, "en")
    assert worded is not None
    assert worded.text.startswith("You bought Windows 8.1 twice. This item is ")
    assert [act.title for act in worded.acts] == ["Windows 8.1"]


def test_a_fact_is_not_told_twice(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act("Whole milk 1 l"), brand="")
    text = "Like Whole milk 1 l, which you bought, Oat milk 1 l is in the category dairy."
    assert shown(text, facts) == text


def test_a_word_without_an_end_is_not_short() -> None:
    assert not is_short("A" * 700, "en")
    assert not is_short("A" * 1300, "zh")
    assert not is_short("牛" * 31, "en")


TITLES = st.text(st.sampled_from("ab .,!“”…牛"), min_size=1, max_size=80).map(str.strip).filter(bool)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(TITLES, min_size=4, max_size=4, unique=True), known=st.integers(1, 12), data=st.data())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_things_are_called_a_reason_is_short_and_cites_what_it_names(
    make_facts: Make, make_act: Act, titles: list[str], known: int, data: st.DataObject, language: Language
) -> None:
    first, second, third, item = titles
    against = data.draw(st.sampled_from([None, make_act(third)]))
    facts = replace(make_facts(make_act(first, 2), make_act(second), item=item), against=against, known=known)
    worded = by_rule(facts, language, ())
    if worded is not None:
        assert is_short(worded.text, language)
        for act in worded.acts:
            assert act.title in worded.text or cut(act.title, language, 6 if language == "en" else 15) in worded.text
        assert re.search("lowered|降低", worded.text) or against is None


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(TITLES, min_size=3, max_size=3, unique=True), seed=st.integers(0, 10_000))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_model_may_say_is_told_with_what_it_names(
    make_facts: Make, make_act: Act, titles: list[str], seed: int, language: Language
) -> None:
    """The first sentence is a sentence by itself, and cites what its text does."""
    facts = make_facts(make_act(titles[0], 2), make_act(titles[1]), item=titles[2])
    text = say(facts, language, np.random.default_rng(seed))
    worded = finished(text, facts, language)
    if worded is None:
        return
    assert is_short(worded.text, language)
    called = dict(zip(facts.acts, names_in(facts).cited, strict=True))
    assert all(any(name in text for name in called[act]) for act in worded.acts)
