from collections.abc import Callable
from dataclasses import replace

import pytest

from llm_rerank.explanations import asking
from llm_rerank.explanations.asking import asked, writer_prompt
from llm_rerank.explanations.facts import CitedAct, Facts

Make = Callable[..., Facts]
Act = Callable[..., CitedAct]


def test_all_facts_are_in_the_request(milk: Facts) -> None:
    priced = replace(milk, item=replace(milk.item, price=2.49))
    _, *lines = asked(priced, "en")
    assert lines == [
        "- Item: Oat milk 1 l (category dairy, brand Field, price 2.49)",
        "- You bought Whole milk 1 l twice, last on 5 January 2024 (same category dairy)",
        "- You bought Salted butter 250 g, on 5 January 2024 (same category dairy)",
    ]


def test_a_repeat_purchase_is_not_named_twice(make_facts: Make, make_act: Act) -> None:
    *_, act = asked(make_facts(make_act("Oat milk 1 l", 3)), "en")
    assert act == "- You bought this item 3 times, last on 5 January 2024"


def test_chinese_requests_are_chinese(milk: Facts) -> None:
    assert asked(milk, "zh")[2] == "- 您买过“Whole milk 1 l”2次，最近一次是2024-01-05 (同 category dairy)"


def test_the_name_of_what_is_asked_changes_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    before = writer_prompt.__wrapped__().fingerprint
    assert writer_prompt().fingerprint == before
    monkeypatch.setitem(asking._TASK, "en", "Sell!")
    assert writer_prompt.__wrapped__().fingerprint != before
