"""Statements: what an English reason says, each compared with the catalogue and the log themselves.

The program's own check and grammar are not used: a mistake of theirs would show here. What stands in a known form of
words ("twice", "in the category ...") is read; other words are not judged.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from llm_rerank.tokenizer import one_line
from retrieval.records import Item, UserHistory

_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_THIS: Final = re.compile(r"(You (?:bought|purchased|viewed|looked at|rated|searched for) )this(?: item)?\b")
_OFTEN: Final = re.compile(r"⟦(?P<title>\d+)⟧(?:, which you [a-z ]+?)? (?P<count>once|twice|\w+ times)")
_ACTS: Final = re.compile(r"(?P<count>\w+) (?:purchase|look|rating|search)(?:e?s)? (?:of|at|for) ⟦(?P<title>\d+)⟧")
_DAY: Final = re.compile(r"\b(?:on (?P<day>\d+)|in) (?P<month>[A-Z][a-z]+)(?: (?P<year>\d{4}))?")
_LISTED: Final = re.compile(r"(?:in|of) the (category|department|brand) |(listed as|priced at) |listed with the ")
_SAME: Final = re.compile(r"the same ([^.,]+)(?:, |\.)")
_COMMON: Final = re.compile(r" also | too\.|Like |both |the same ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One thing that a text says, in its words, and whether it is so."""

    words: str
    true: bool


def statements(text: str, item: Item, cited: Sequence[Item], history: UserHistory) -> Iterator[Statement]:
    """What is read in a text about an item that cites others: how often, when, and what the catalogue says."""
    titles = sorted({one_line(each.title) for each in (item, *cited)}, key=len, reverse=True)
    named = {title: [each for each in (item, *cited) if one_line(each.title) == title] for title in titles}
    masked = text
    for number, title in enumerate(titles):
        masked = masked.replace(title, f"⟦{number}⟧")
    masked = _THIS.sub(rf"\1⟦{titles.index(one_line(item.title))}⟧", masked)
    for found in (*_OFTEN.finditer(masked), *_ACTS.finditer(masked)):
        count, told = _number(found["count"]), named[titles[int(found["title"])]]
        yield Statement(words=found[0], true=any(_times(each, history) == count for each in told))
    for found in _DAY.finditer(masked):
        before = re.findall(r"⟦(\d+)⟧", masked[: found.start()])
        told = named[titles[int(before[-1])]] if before else []
        yield Statement(words=found[0], true=any(_is_last(each, history, found) for each in told))
    others = [each for each in cited if each != item and one_line(each.title) in text]
    for sentence in re.split(r"(?<=[.!]) (?=[A-Z⟦])", text):
        compared = others if _COMMON.search(sentence) else []
        yield from _of_catalogue(sentence, item, compared)


def _of_catalogue(sentence: str, item: Item, compared: Sequence[Item]) -> Iterator[Statement]:
    """What it says of the item, and of those that it compares the item with."""
    everything = [_fields(each) for each in (item, *compared)]
    for found in _LISTED.finditer(sentence):
        rest = sentence[found.end() :]
        name = {"listed as": "brand", "priced at": "price", None: found[1]}[found[2]]
        if name is None:
            name = next((known for known in everything[0] if rest.startswith(f"{known} ")), "")
            rest = rest.removeprefix(f"{name} ")
        true = all(re.match(rf"{re.escape(fields.get(name, ''))}(?= and | too|[.,!])", rest) for fields in everything)
        yield Statement(words=found[0] + rest, true=bool(everything[0].get(name)) and true)
    for found in _SAME.finditer(sentence):
        values = {fields.get(found[1], "") for fields in everything}
        value = values.pop()
        given = not sentence[found.start() :].count(", ") or sentence[found.end() :].startswith(value)
        yield Statement(words=found[0], true=bool(compared and value and given) and not values)


def _fields(item: Item) -> dict[str, str]:
    price = "" if item.price is None else f"{item.price:.2f}"
    given = {**item.attributes, "category": item.category, "brand": item.brand, "price": price}
    return {name: one_line(value) for name, value in given.items()}


def _times(item: Item, history: UserHistory) -> int:
    kinds = [interaction.kind for interaction in history.interactions if interaction.item_id == item.item_id]
    return kinds.count(kinds[-1]) if kinds else 0


def _is_last(item: Item, history: UserHistory, told: re.Match[str]) -> bool:
    days = [interaction.timestamp for interaction in history.interactions if interaction.item_id == item.item_id]
    if not days:
        return False
    last = days[-1]
    return (
        told["month"] == f"{last:%B}"
        and told["day"] in (None, str(last.day))
        and told["year"] in (None, str(last.year))
    )


def _number(word: str) -> int:
    """Of "twice", "three times", "12"; an act that no number stands before is one act."""
    word = {"once": "1", "twice": "2"}.get(word, word.removesuffix(" times"))
    return _NUMBERS.index(word) if word in _NUMBERS else int(word) if word.isdecimal() else 1
