from collections.abc import Callable

import pytest

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.template import template

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]


def test_two_acts(milk: Facts) -> None:
    acts = "You bought Whole milk 1 l twice, and bought Salted butter 250 g"
    assert template(milk, "en") == f"{acts}, which raised the model's score of this item."
    assert template(milk, "zh") == "您买过“Whole milk 1 l”2次，还买过“Salted butter 250 g”，这提高了模型对它的评分。"


@pytest.mark.parametrize(("kind", "did", "did_zh"), [("view", "looked at", "看过"), ("rating", "rated", "评价过")])
def test_other_acts(make_facts: Make, make_act: Act, kind: str, did: str, did_zh: str) -> None:
    facts = make_facts(make_act("Alien", kind=kind))
    assert template(facts, "en").startswith(f"You {did} Alien, ")
    assert template(facts, "zh").startswith(f"您{did_zh}“Alien”，")


def test_the_item_itself(make_facts: Make, make_act: Act) -> None:
    facts = make_facts(make_act("Oat milk 1 l", 3))
    assert template(facts, "en") == "You bought this 3 times, last on 5 January 2024."
    assert template(facts, "zh") == "您买过它3次，最近一次是2024年1月5日。"


def test_nothing_to_cite(make_facts: Make) -> None:
    assert template(make_facts(), "en").startswith("Nothing that was tried")
    assert template(make_facts(), "zh").startswith("在试过的历史记录中")
