from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.template import told
from retrieval.catalogue import Catalogue

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]

TRUE = [
    "You bought Whole milk 1 l.",
    "You bought Whole milk 1 l twice. We suggest Oat milk 1 l.",
    "You've purchased Whole milk 1 l 2 times!",
    "You have bought Whole milk 1 l and Salted butter 250 g.",
    "You bought Salted butter 250 g and bought Whole milk 1 l twice.",
    "You bought Salted butter 250 g once on 5 January 2024.",
    "You bought Whole milk 1 l two times, last on 5 January.",
    "You bought Whole milk 1 l, which raised the model's score of Oat milk 1 l.",
]
UNTRUE = [
    "You bought Brown bread.",  # not cited
    "You bought Whole milk 1 l, so we suggest Oat milk 1 l.",  # whether it follows depends on the weight
    "Oat milk 1 l is suggested because you bought Whole milk 1 l.",
    "You bought Whole milk 1 l and this item.",
    "You bought this and Whole milk 1 l twice.",
    "You bought Salted butter 250 g after Whole milk 1 l.",
    "You bought Whole milk 1 l because you bought Salted butter 250 g.",
    "You bought Whole milk 1 l with Salted butter 250 g.",
    "Your last order was Whole milk 1 l.",
    "You recommended Whole milk 1 l. We suggest Oat milk 1 l.",
    "You bought Whole milk 1 l twice in January 2024.",  # only the last of the two
    "You bought Whole milk 1 l on 5 January 2024.",
    "You bought Whole milk 1 l, a Field product we recommend.",
    "We bought Whole milk 1 l.",
    "You might buy Whole milk 1 l.",
    "Salted butter 250 g is Whole milk 1 l.",
    "You bought Whole milk 1 l. We suggest Salted butter 250 g.",
    "You bought Whole milk 1 l, which raised the model's score of Salted butter 250 g.",
    "You bought Whole milk 1 l and Brown bread.",
    "You bought Whole milk 1 l by Meadowland.",  # an invented brand
    "You bought Whole milk 1 l for $1.",
    "You bought Whole milk 1 l for 1.",  # the 1 of "1 l"
    "You bought Whole milk 1 l, only £2.",
    "You bought Oat milk 1 l.",
    "You bought Whole milk 1 l and Oat milk 1 l.",
    "You bought Whole milk 1 l, Oat milk 1 l.",  # the verb goes on
    "You bought Whole milk 1 l as was Oat milk 1 l.",
    "You bought Whole milk 1 l. You had Oat milk 1 l before.",
    "You bought Whole milk 1 l. Oat milk 1 l is on your list.",
    "Here is Oat milk 1 l, which is in your history, as is Whole milk 1 l.",
    "You bought Whole milk 1 l 3 times.",
    "You bought Whole milk 1 l 5 times.",  # the 5 of 5 January
    "You bought Whole milk 1 l once.",
    "You bought Whole milk 1 l three times.",
    "You bought Whole milk 1 l and Salted butter 250 g twice.",  # true of one of them
    "You bought Salted butter 250 times.",
    "You bought Whole milk 5 l.",
    "You bought Whole milk 1 l in June.",
    "You bought Whole milk 1 l on 2 January 2024.",
    "You bought Whole milk 1 l in 2023.",
    "You rated Whole milk 1 l.",
    "You viewed Whole milk 1 l twice.",
    "You bought Field Whole milk 1 l.",  # the suggestion's brand
    "Whole milk 1 l is by Field.",
    "You love Whole milk 1 l.",
    "You like Oat milk 1 l since you bought Whole milk 1 l.",
    "You bought Whole milk 1 l, the same as Oat milk 1 l.",
    "You bought Whole milk 1 l often.",
    "You bought Whole milk 1 l, so you must buy Oat milk 1 l now.",
    "You bought Whole milk 1 l, so buy Oat milk 1 l today.",
    "You bought Whole milk 1 l, so Oat milk 1 l is perfect for you.",
    "You bought Whole butter 250 g.",  # made of two titles
    "You bought Whole milk 1 l and After.",  # a film
    "You bought Whole milk 1 l 👍.",
    "You bought Whole milk 1 l ½.",
    "You bought it.",
    "We suggest Oat milk 1 l.",
    "You bought Whole milk 1 l",
    "You bought Whole milk 1 l, so we",
    "You bought Whole milk 1 l. It is this. It is that.",
    "You bought Whole milk 1 l " + "and that " * 20 + "too.",
    "您买过“Whole milk 1 l”。",  # not the language asked for
    "",
    ".",
]
TRUE_ZH = [
    "您买过“Whole milk 1 l”。推荐Oat milk 1 l。",
    "您购买过Whole milk 1 l2次，还买过“Salted butter 250 g”。为您推荐“Oat milk 1 l”。",
    "您在2024年1月5日买过“Salted butter 250 g”。",
    "您曾买过Whole milk 1 l2次，最近一次是2024年1月5日。",
    "您买过Whole milk 1 l，这提高了模型对它的评分。",
]
UNTRUE_ZH = [
    "您买过“Brown bread”。",
    "因为您买过Whole milk 1 l，推荐Oat milk 1 l。",
    "您买过Whole milk 1 l和该商品。",
    "您在买过Salted butter 250 g之前买过Whole milk 1 l。",
    "您向我们推荐了Whole milk 1 l。",
    "您在2024年1月5日买过Whole milk 1 l2次。",
    "您最近买过Whole milk 1 l。",
    "您买过Whole milk 1 l，这提高了模型对Salted butter 250 g的评分。",
    "您买过“Whole milk 1 l”和Brown bread。",
    "您买过Oat milk 1 l。",
    "您买过Whole milk 1 l和Oat milk 1 l。",
    "您买过Whole milk 1 l，还Oat milk 1 l。",
    "您买过Whole milk 1 l，曾经Oat milk 1 l。",
    "您买过Whole milk 1 l3次。",
    "您买过Whole milk 1 l5次。",
    "您买过一次Whole milk 1 l。",
    "您买过Whole milk 1 l和Salted butter 250 g2次。",
    "您看过Whole milk 1 l。",
    "您评价过Whole milk 1 l。",
    "您在2023年买过Whole milk 1 l。",
    "您买过Whole milk 1 l，只要￥2。",
    "您喜欢Whole milk 1 l。",
    "您买过Whole milk 1 l，您一定要买Oat milk 1 l。",
    "为您推荐Oat milk 1 l。",
    "您买过Whole milk 1 l",
    "您买过Whole milk 1 l。推荐。推荐。",
    "您买过Whole milk 1 l" + "的" * 70 + "。",
    "You bought Whole milk 1 l.",
]


@pytest.mark.parametrize("text", TRUE)
def test_a_true_text_passes(milk: Facts, text: str) -> None:
    assert problem_with(text, milk, "en") == ""


@pytest.mark.parametrize("text", UNTRUE)
def test_an_untrue_text_is_refused(milk: Facts, text: str) -> None:
    assert problem_with(text, milk, "en")


@pytest.mark.parametrize("text", TRUE_ZH)
def test_a_true_chinese_text_passes(milk: Facts, text: str) -> None:
    assert problem_with(text, milk, "zh") == ""


@pytest.mark.parametrize("text", UNTRUE_ZH)
def test_an_untrue_chinese_text_is_refused(milk: Facts, text: str) -> None:
    assert problem_with(text, milk, "zh")


def test_nothing_to_cite(make_facts: Make) -> None:
    assert problem_with("You bought Whole milk 1 l.", make_facts(), "en")


def test_a_title_may_hold_commas(make_facts: Make, make_act: Act) -> None:
    tea = make_facts(make_act("Black tea, 80 bags", 2))
    assert not problem_with("You bought Black tea, 80 bags twice. Oat milk 1 l is suggested.", tea, "en")
    assert not problem_with("您买过“Black tea, 80 bags”2次。", tea, "zh")


def test_the_suggestion_itself_may_be_what_was_bought(make_facts: Make, make_act: Act) -> None:
    own = make_facts(make_act("Oat milk 1 l", 2))
    assert not problem_with("You bought Oat milk 1 l twice.", own, "en")
    assert not problem_with("您买过Oat milk 1 l2次。", own, "zh")


def test_a_suggestion_within_a_longer_cited_title(make_facts: Make, make_act: Act) -> None:
    longer = make_facts(make_act("Oat milk 1 l chocolate"))
    assert problem_with("You bought Oat milk 1 l.", longer, "en")
    assert problem_with("您买过Oat milk 1 l。", longer, "zh")
    assert not problem_with("您买过Oat milk 1 l chocolate。推荐Oat milk 1 l。", longer, "zh")


def test_a_cited_title_within_the_suggestion(make_facts: Make, make_act: Act) -> None:
    shorter = make_facts(make_act("牛奶"), item="有机牛奶")
    assert problem_with("您买过有机牛奶。", shorter, "zh")
    assert not problem_with("您买过牛奶。推荐有机牛奶。", shorter, "zh")


def test_titles_of_ordinary_words(make_facts: Make, make_act: Act) -> None:
    film = make_facts(make_act("Alien", kind="rating"), item="It", category="", brand="")
    assert problem_with("You rated Alien and It.", film, "en")
    assert problem_with("You rated it.", make_facts(make_act("It", kind="rating"), item="Alien"), "en")
    assert not problem_with("You rated Alien. We suggest It.", film, "en")


def test_a_name_may_be_cut_at_a_comma_where_it_means_one_thing(make_facts: Make, make_act: Act) -> None:
    towels = make_facts(make_act("Paper towels, store brand"), item="Black tea, 80 bags")
    assert not problem_with("You bought Paper towels. We suggest Black tea.", towels, "en")
    same = make_facts(make_act("Black tea, 20 bags"), item="Black tea, 80 bags")
    assert problem_with("You bought Black tea.", same, "en")  # which of the two?
    two = make_facts(make_act("Black tea, 20 bags", 2), make_act("Black tea, 40 bags"))
    assert problem_with("You bought Black tea twice.", two, "en")


def test_two_cited_acts_are_not_swapped(make_facts: Make, make_act: Act) -> None:
    mixed = make_facts(make_act("Whole milk 1 l"), make_act("Salted butter 250 g", kind="view"))
    assert problem_with("You viewed Whole milk 1 l.", mixed, "en")
    assert problem_with("You bought Salted butter 250 g.", mixed, "en")
    assert problem_with("您买过Salted butter 250 g。", mixed, "zh")


def test_another_category_is_not_called_the_same(make_facts: Make, make_act: Act) -> None:
    other = make_facts(make_act("Brown bread"), category="drinks")
    assert problem_with("You bought Brown bread, in the same category as Oat milk 1 l.", other, "en")


@given(data=st.data())
def test_any_catalogue_word_outside_the_facts_is_refused(
    data: st.DataObject, catalogue: Catalogue, milk: Facts
) -> None:
    words = sorted({w for item in catalogue for w in item.title.replace(",", "").split() if len(w) > 2 and w.isalpha()})
    told = {"whole", "milk", "salted", "butter", "oat"}
    word = data.draw(st.sampled_from([w for w in words if w.casefold() not in told]))
    before = data.draw(
        st.sampled_from(
            ["You bought Whole milk 1 l and {}.", "You bought {} Whole milk 1 l.", "{}. You bought Whole milk 1 l."]
        )
    )
    assert problem_with(before.format(word), milk, "en")
    assert problem_with(f"您买过Whole milk 1 l和{word}。", milk, "zh")


@given(text=st.text())
def test_any_text_gets_an_answer(milk: Facts, text: str) -> None:
    assert isinstance(problem_with(text, milk, "en") + problem_with(text, milk, "zh"), str)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_is_told_by_rule_would_pass(make_facts: Make, make_act: Act, times: int) -> None:
    facts = make_facts(make_act("Whole milk 1 l", times), make_act("Tea"))
    assert not [text for text, _ in told(facts, "zh") if problem_with(text, facts, "zh")]
    assert not [text for text, _ in told(facts, "en") if problem_with(text, facts, "en")]
