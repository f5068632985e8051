"""What is told by rule, and so true by construction: in place of a text that fails its check, and beside one that does
not.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llm_rerank.explanations.attributes import Attribute, details_of
from llm_rerank.explanations.chinese import called
from llm_rerank.explanations.english import before
from llm_rerank.explanations.english_acts import NOUNS
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.names import namings
from llm_rerank.ranking import Language
from retrieval.records import InteractionKind

_DID: Final[dict[InteractionKind, str]] = {
    "purchase": "bought",
    "view": "looked at",
    "rating": "rated",
    "search": "searched for",
}
_DID_ZH: Final[dict[InteractionKind, str]] = {
    "purchase": "买过",
    "view": "看过",
    "rating": "评价过",
    "search": "搜索过",
}
_LITTLE: Final = 3
"""Whoever did fewer things than this is hardly known."""
_NUMBERS: Final = {1: "one", 2: "two"}
_NUMBER: Final = re.compile(r"\d{5,}")
"""That of an article helps nobody."""


def told(facts: Facts, language: Language) -> Iterator[tuple[str, tuple[CitedAct, ...]]]:
    """Sentences about what was done and what it did, each with what it cites, the best first."""
    tell_all = _chinese if language == "zh" else _english
    for names in namings(facts, language):
        for acts in dict.fromkeys((facts.acts, facts.acts[:1])):
            for item in ("", names[facts.item.item_id]):
                yield tell_all(facts, acts, names, item), acts


def caveats(facts: Facts, language: Language) -> Iterator[str]:
    """What speaks against the item, in several lengths; else a doubt where little is known; else nothing."""
    if facts.against is not None:
        for names in namings(facts, language):
            yield _against(facts.against, names[facts.against.item.item_id], language)
    elif facts.known is not None and facts.known < _LITTLE:
        yield _doubt(facts.known, language)


def fact(facts: Facts, language: Language, said: str) -> str:
    """One of the item that helps to decide: its price, else what else its title does not say; empty where there is none
    that was not `said`.
    """
    new = [one for one in details_of(facts.item) if one.value not in said and not _NUMBER.fullmatch(one.value)]
    details = sorted(new, key=lambda one: (one.repeats_its_name, one.name != "price"))
    return _fact(details[0], language) if details else ""


def tell(act: CitedAct, language: Language, *, name: str | None = None) -> str:
    """What the user did, without a subject: "bought Milk twice". `name` stands for the title where given."""
    if language == "zh":
        times = f"{act.times}次" if act.times > 1 else ""
        return f"{_DID_ZH[act.kind]}{name or f'“{act.title}”'}{times}"
    times = "" if act.times == 1 else " twice" if act.times == 2 else f" {act.times} times"
    return f"{_DID[act.kind]} {name or act.title}{times}"


def _english(facts: Facts, acts: tuple[CitedAct, ...], names: Mapping[str, str], item: str) -> str:
    strongest, *others = acts
    other = "".join(f", and {tell(act, 'en', name=names[act.item.item_id])}" for act in others)
    if strongest.evidence.item_id == facts.item.item_id:
        day = f"{strongest.last.day} {strongest.last:%B %Y}"
        return f"You {tell(strongest, 'en', name=item or 'this')}, last on {day}{other}."
    did = f"You {tell(strongest, 'en', name=names[strongest.item.item_id])}{other}"
    return f"{did}, which raised the model's score of {item or 'this item'}."


def _chinese(facts: Facts, acts: tuple[CitedAct, ...], names: Mapping[str, str], item: str) -> str:
    called = f"“{item}”" if item else "它"
    strongest, *others = acts
    other = "".join(f"，还{tell(act, 'zh', name=f'“{names[act.item.item_id]}”')}" for act in others)
    if strongest.evidence.item_id == facts.item.item_id:
        day = f"{strongest.last.year}年{strongest.last.month}月{strongest.last.day}日"
        return f"您{tell(strongest, 'zh', name=called)}，最近一次是{day}{other}。"
    return (
        f"您{tell(strongest, 'zh', name=f'“{names[strongest.item.item_id]}”')}{other}，这提高了模型对{called}的评分。"
    )


def _against(act: CitedAct, name: str, language: Language) -> str:
    if language == "zh":
        return f"不过，您{_DID_ZH[act.kind]}“{name}”，这降低了这款商品的评分。"
    one, many = NOUNS[act.kind]
    return f"Your {one if act.times == 1 else f'{act.times} {many}'}{name} lowered this item's score."


def _doubt(known: int, language: Language) -> str:
    if language == "zh":
        return f"我只了解您的{known}条记录，可能判断有误。"
    return f"I know only {_NUMBERS[known]} {'thing' if known == 1 else 'things'} that you did, so I may be wrong."


def _fact(attribute: Attribute, language: Language) -> str:
    if language == "zh":
        return f"这款商品的{called(attribute)}是{attribute.value}。"
    return f"This item is {before(attribute)}{attribute.value}."
