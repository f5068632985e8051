from collections.abc import Callable
from dataclasses import replace

import pytest

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.template import caveats, fact, told
from llm_rerank.ranking import Language

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]
LONG = "Stainless steel vacuum insulated water bottle with straw lid and handle"


def first(facts: Facts, language: Language) -> str:
    text, _ = next(told(facts, language))
    return text


def test_two_acts(milk: Facts) -> None:
    acts = "You bought Whole milk 1 l twice, and bought Salted butter 250 g"
    assert first(milk, "en") == f"{acts}, which raised the model's score of this item."
    assert first(milk, "zh") == "您买过“Whole milk 1 l”2次，还买过“Salted butter 250 g”，这提高了模型对它的评分。"


@pytest.mark.parametrize(("kind", "did", "did_zh"), [("view", "looked at", "看过"), ("rating", "rated", "评价过")])
def test_other_acts(make_facts: Make, make_act: Act, kind: str, did: str, did_zh: str) -> None:
    facts = make_facts(make_act("Alien", kind=kind))
    assert first(facts, "en").startswith(f"You {did} Alien, ")
    assert first(facts, "zh").startswith(f"您{did_zh}“Alien”，")


def test_the_item_itself(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act("Oat milk 1 l", 3))
    assert first(facts, "en") == "You bought this 3 times, last on 5 January 2024."
    assert first(facts, "zh") == "您买过它3次，最近一次是2024年1月5日。"


def test_there_are_ways_that_name_the_item_that_cite_less_and_that_cut_titles(make_facts: Make, make_act: Act) -> None:
    ways = [text for text, _ in told(make_facts(make_act(LONG), make_act("Tea")), "en")]
    assert f"You bought {LONG}, which raised the model's score of Oat milk 1 l." in ways
    assert ways[-1] == (
        "You bought Stainless steel vacuum insulated water bottle…, which raised the model's score of Oat milk 1 l."
    )


def test_titles_that_begin_alike_are_not_cut(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act(f"{LONG}, red"), make_act(f"{LONG}, blue"))
    assert not any("…" in text for text, _ in told(facts, "en"))


def test_what_speaks_against_an_item_is_told(milk: Facts, make_act: Act) -> None:
    facts = replace(milk, against=make_act("Black tea"), known=1)
    assert next(caveats(facts, "en")) == "Your purchase of Black tea lowered this item's score."
    assert next(caveats(facts, "zh")) == "不过，您买过“Black tea”，这降低了这款商品的评分。"


def test_there_is_a_doubt_where_little_is_known(milk: Facts) -> None:
    assert list(caveats(replace(milk, known=1), "en")) == ["I know only one thing that you did, so I may be wrong."]
    assert list(caveats(replace(milk, known=2), "zh")) == ["我只了解您的2条记录，可能判断有误。"]
    assert list(caveats(replace(milk, known=3), "en")) == []


def test_the_price_helps_most_to_decide(milk: Facts) -> None:
    assert fact(milk, "en", "") == "This item is in the category dairy."
    priced = replace(milk, item=replace(milk.item, price=2.5))
    assert fact(priced, "en", "") == "This item is priced at 2.50."
    assert fact(priced, "zh", "") == "这款商品的价格是2.50。"


def test_of_an_item_of_which_the_catalogue_knows_a_title_no_fact_is_told(milk: Facts) -> None:
    assert fact(replace(milk, item=replace(milk.item, category="", brand="")), "en", "") == ""


def test_the_number_of_an_article_helps_nobody_and_what_was_said_is_no_news(milk: Facts) -> None:
    numbered = replace(milk, item=replace(milk.item, category="", attributes={"ean": "5012345678900", "size": "1 l"}))
    assert fact(numbered, "en", "") == "This item is of the brand Field."
    bare = replace(numbered, item=replace(numbered.item, brand="", title="Oat milk"))
    assert fact(bare, "en", "") == "This item is listed with the size 1 l."
    assert fact(bare, "en", "You bought Milk, 1 l.") == ""
