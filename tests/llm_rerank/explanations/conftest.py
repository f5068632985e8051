"""Facts to write about: Oat milk is suggested to someone who bought whole milk twice and butter once."""

from collections.abc import Callable
from datetime import date

import pytest

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.ranking import Evidence
from retrieval.records import InteractionKind, Item

MakeFacts = Callable[..., Facts]


def act(title: str, times: int = 1, *, kind: InteractionKind = "purchase", last: date = date(2024, 1, 5)) -> CitedAct:
    item = Item(item_id=title, title=title, category="dairy", brand="Meadow")
    evidence = Evidence(item_id=title, title=title, effect=1.0)
    return CitedAct(evidence=evidence, item=item, title=title, kind=kind, times=times, last=last)


def facts(*acts: CitedAct, item: str = "Oat milk 1 l", category: str = "dairy", brand: str = "Field") -> Facts:
    return Facts(item=Item(item_id=item, title=item, category=category, brand=brand), title=item, acts=acts)


@pytest.fixture(scope="session")
def make_act() -> Callable[..., CitedAct]:
    return act


@pytest.fixture(scope="session")
def make_facts() -> MakeFacts:
    return facts


@pytest.fixture(scope="session")
def milk(make_act: Callable[..., CitedAct]) -> Facts:
    return facts(act("Whole milk 1 l", 2), act("Salted butter 250 g"))
