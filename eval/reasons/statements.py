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
_KINDS: Final = {
    "bought": "purchase",
    "purchased": "purchase",
    "viewed": "view",
    "looked at": "view",
    "rated": "rating",
    "searched for": "search",
    "purchase": "purchase",
    "look": "view",
    "rating": "rating",
    "search": "search",
}
_VERB: Final = "(?P<act>bought|purchased|viewed|looked at|rated|searched for)"
_THIS: Final = re.compile(rf"\b({_VERB} )this(?: item)?\b")
_DID: Final = re.compile(rf"{_VERB} ⟦(?P<title>\d+)⟧(?:(?: once| twice| \w+ times)?,? and ⟦(?P<other>\d+)⟧)?")
_WHICH: Final = re.compile(rf"⟦(?P<title>\d+)⟧, which you {_VERB}")
_HELD: Final = re.compile(r"⟦(?P<title>\d+)⟧(?: and ⟦(?P<other>\d+)⟧)? in your history")
_OFTEN: Final = re.compile(r"⟦(?P<title>\d+)⟧(?:, which you [a-z ]+?)? (?P<count>once|twice|\w+ times)")
_ACTS: Final = re.compile(r"(?P<count>\w+) (?P<act>purchase|look|rating|search)(?:e?s)? (?:of|at|for) ⟦(?P<title>\d+)⟧")
_DAY: Final = re.compile(r"\b(?:on (?P<day>\d+)|in) (?P<month>[A-Z][a-z]+)(?: (?P<year>\d{4}))?")
_LISTED: Final = re.compile(r"(?:in|of) the (category|department|brand) |(listed as|priced at) |listed with the ")
_SAME: Final = re.compile(r"the same ([^.,]+)(?:, |\.)")
_COMMON: Final = re.compile(r" also | too\.|Like |both |the same ")
_KNOWN: Final = re.compile(r"I know only (?P<count>\w+) things? that you did")
_LONGEST: Final = 200
"""Characters of a title that a text holds: a longer one ends in "…"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One thing that a text says, in its words, and whether it is so."""

    words: str
    true: bool


def statements(
    text: str, item: Item, cited: Sequence[Item], history: UserHistory, against: Sequence[Item] = ()
) -> Iterator[Statement]:
    """What is read in a text about an item that cites others, and names what speaks `against` it: what was done, how
    often, when, and what the catalogue says; and how much is known.
    """
    items = (item, *cited, *against)
    titles = sorted({told(each.title) for each in items}, key=len, reverse=True)
    named = {title: [each for each in items if told(each.title) == title] for title in titles}
    read = _THIS.sub(rf"\1⟦{titles.index(told(item.title))}⟧", masked(text, titles))
    for found in (match for form in (_DID, _WHICH, _HELD, _ACTS) for match in form.finditer(read)):
        parts = found.groupdict()
        for number in (parts["title"], parts.get("other")):
            if number is not None:
                did = any(_did(parts.get("act"), each, history) for each in named[titles[int(number)]])
                yield Statement(words=found[0], true=did)
    for found in (*_OFTEN.finditer(read), *_ACTS.finditer(read)):
        count, acted = _number(found["count"]), named[titles[int(found["title"])]]
        yield Statement(words=found[0], true=any(times_of(each, history) == count for each in acted))
    for found in _DAY.finditer(read):
        before = re.findall(r"⟦(\d+)⟧", read[: found.start()])
        acted = named[titles[int(before[-1])]] if before else []
        yield Statement(words=found[0], true=any(_is_last(each, history, found) for each in acted))
    for found in _KNOWN.finditer(read):
        yield Statement(words=found[0], true=len(history.interactions) == _number(found["count"]))
    others = [each for each in cited if each != item and told(each.title) in text]
    for sentence in re.split(r"(?<=[.!]) (?=[A-Z⟦])", text):
        compared = others if _COMMON.search(sentence) else []
        yield from _of_catalogue(sentence, item, compared)


def told(title: str) -> str:
    """A title as a text has it."""
    line = one_line(title)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def masked(text: str, titles: Sequence[str]) -> str:
    """With numbers for titles. One that does not stand there may have been told as what it is up to a comma, or been
    cut, where no other begins like that.
    """
    for number, title in enumerate(titles):
        parts = [title[: comma.start()] for comma in re.finditer(",", title)]
        cut = [f"{title[:end]}…" for end in range(1, len(title)) if f"{title[:end]}…" in text]
        short = [
            part
            for part in (*reversed(cut), *reversed(parts))
            if not any(t.startswith(part.rstrip("…")) for t in titles if t != title)
        ]
        name = next((name for name in (title, *short) if name in text), title)
        text = text.replace(name, f"⟦{number}⟧")
    return text


def _of_catalogue(sentence: str, item: Item, compared: Sequence[Item]) -> Iterator[Statement]:
    """What it says of the item, and of those that it compares the item with."""
    everything = [fields_of(each) for each in (item, *compared)]
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


def fields_of(item: Item) -> dict[str, str]:
    """What the catalogue says of it, by the name of each field."""
    price = "" if item.price is None else f"{item.price:.2f}"
    given = {**item.attributes, "category": item.category, "brand": item.brand, "price": price}
    return {name: one_line(value) for name, value in given.items()}


def _did(act: str | None, item: Item, history: UserHistory) -> bool:
    """Whether the history has the item, with this act where one is told."""
    kinds = {interaction.kind for interaction in history.interactions if interaction.item_id == item.item_id}
    return bool(kinds) if act is None else _KINDS[act] in kinds


def times_of(item: Item, history: UserHistory) -> int:
    """How often the user did last what was last done to it."""
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
