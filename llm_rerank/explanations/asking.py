"""What the writer is asked: a task, and the facts of one item line by line."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Final

from llm_rerank.explanations.attributes import Attribute, details_of, shared
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.template import tell
from llm_rerank.ranking import Evidence, Language
from retrieval.records import Item
from retrieval.settings import Settings

_TASK: Final[dict[Language, str]] = {
    "en": "Tell the customer in one or two short sentences what raised the model's score of an item. "
    "Use only these facts.",
    "zh": "用一两句简短的话告诉顾客是什么提高了模型对一件商品的评分。只使用以下事实。",
}


class WriterPrompt(Settings):
    """What a writer is asked, told by an example, so that no change of its words or its form goes unnoticed."""

    example: tuple[str, ...]
    """Requests about made-up facts, in every language."""

    @property
    def fingerprint(self) -> str:
        """Changes with anything that changes a request: an adapter is served only with what it was trained for."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:16]


def asked(facts: Facts, language: Language) -> tuple[str, ...]:
    """The lines of a request."""
    return (_TASK[language], *(_chinese(facts) if language == "zh" else _english(facts)))


@cache
def writer_prompt() -> WriterPrompt:
    """What this version asks."""
    maker = {"size": "1 l", "maker": "maker 7"}
    oat, milk, tea = (
        Item(item_id=title, title=title, category=category, brand="Meadow", price=2.5, attributes=maker)
        for title, category in (("Oat milk", "dairy"), ("Milk", "dairy"), ("Tea, 80 bags", "drinks"))
    )
    acts = tuple(
        CitedAct(
            evidence=Evidence(item_id=item.item_id, title=item.title, effect=1.0),
            item=item,
            title=item.title,
            kind="purchase",
            times=times,
            last=date(2024, 1, 5),
        )
        for item, times in ((milk, 2), (tea, 1), (oat, 3))
    )
    examples = [Facts(item=oat, title=oat.title, acts=cited) for cited in ((), acts[:2], acts[2:])]
    languages: tuple[Language, ...] = ("en", "zh")
    return WriterPrompt(example=tuple(line for lang in languages for facts in examples for line in asked(facts, lang)))


def _english(facts: Facts) -> list[str]:
    item = f"- Item: {facts.title}{_in_brackets('', details_of(facts.item))}"
    lines = [item, *(_english_act(act, facts.item) for act in facts.acts)]
    return lines if facts.acts else [item, "- Nothing that was tried raised the score"]


def _english_act(act: CitedAct, item: Item) -> str:
    day = f"{'last ' if act.times > 1 else ''}on {act.last.day} {act.last:%B %Y}"
    if act.item.item_id == item.item_id:
        return f"- You {tell(act, 'en', name='this item')}, {day}"
    return f"- You {tell(act, 'en')}, {day}{_in_brackets('same ', shared(item, act.item))}"


def _chinese(facts: Facts) -> list[str]:
    item = f"- 商品：{facts.title}{_in_brackets('', details_of(facts.item))}"
    lines = [item, *(_chinese_act(act, facts.item) for act in facts.acts)]
    return lines if facts.acts else [item, "- 试过的历史记录没有提高评分"]


def _chinese_act(act: CitedAct, item: Item) -> str:
    own = act.item.item_id == item.item_id
    told = f"- 您{tell(act, 'zh', name='这款商品' if own else None)}，最近一次是{act.last:%Y-%m-%d}"
    return told if own else f"{told}{_in_brackets('同 ', shared(item, act.item))}"


def _in_brackets(before: str, attributes: Iterable[Attribute]) -> str:
    listed = ", ".join(f"{each.name} {each.value}" if each.tells else each.name for each in attributes)
    return f" ({before}{listed})" if listed else ""
