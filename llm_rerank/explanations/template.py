"""Explanations written by rule: true by construction, and the answer where the model's own text fails its check."""

from typing import Final

from llm_rerank.explanations.facts import CitedAct, Facts
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


def template(facts: Facts, language: Language) -> str:
    """One sentence from the facts, in the language asked for."""
    return _chinese(facts) if language == "zh" else _english(facts)


def tell(act: CitedAct, language: Language, *, name: str | None = None) -> str:
    """What the user did, without a subject: "bought Milk twice". `name` stands for the title where given."""
    if language == "zh":
        times = f"{act.times}次" if act.times > 1 else ""
        return f"{_DID_ZH[act.kind]}{name or f'“{act.title}”'}{times}"
    times = "" if act.times == 1 else " twice" if act.times == 2 else f" {act.times} times"
    return f"{_DID[act.kind]} {name or act.title}{times}"


def _english(facts: Facts) -> str:
    if not facts.acts:
        return "Nothing that was tried of your history raised the model's score of this item."
    strongest, *others = facts.acts
    other = "".join(f", and {tell(act, 'en')}" for act in others)
    if strongest.evidence.item_id == facts.item.item_id:
        day = f"{strongest.last.day} {strongest.last:%B %Y}"
        return f"You {tell(strongest, 'en', name='this')}, last on {day}{other}."
    return f"You {tell(strongest, 'en')}{other}, which raised the model's score of this item."


def _chinese(facts: Facts) -> str:
    if not facts.acts:
        return "在试过的历史记录中，没有哪一项提高了模型对它的评分。"
    strongest, *others = facts.acts
    other = "".join(f"，还{tell(act, 'zh')}" for act in others)
    if strongest.evidence.item_id == facts.item.item_id:
        day = f"{strongest.last.year}年{strongest.last.month}月{strongest.last.day}日"
        return f"您{tell(strongest, 'zh', name='它')}，最近一次是{day}{other}。"
    return f"您{tell(strongest, 'zh')}{other}，这提高了模型对它的评分。"
