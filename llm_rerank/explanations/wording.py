"""Wording: what is made of a true sentence before somebody reads it.

Beside the sentence about what was done stands at most one more: what speaks against the item; or, where little is
known of the user, a doubt; or a fact of the item that helps to decide. Both together are short, and what would only
propose the item again is left out.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Final

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.grammar import cited_in, proposals, seconds, sentences
from llm_rerank.explanations.length import length
from llm_rerank.explanations.names import namings
from llm_rerank.explanations.phrases import is_said
from llm_rerank.explanations.template import caveats, fact, told
from llm_rerank.ranking import Language

_LONGEST: Final[dict[Language, int]] = {"en": 30, "zh": 60}
_BETWEEN: Final[dict[Language, str]] = {"en": " ", "zh": ""}


@dataclass(frozen=True, kw_only=True, slots=True)
class Worded:
    """A reason as it is shown, and what it cites."""

    text: str
    acts: tuple[CitedAct, ...]


def finished(text: str, facts: Facts, language: Language) -> Worded | None:
    """A checked text as it is shown; None where that would be too long."""
    first, second = _parted(text, facts, language)
    ways = (way for one in _with_cut_titles(first, facts, language) for way in _with_more(one, second, facts, language))
    shown = next((way for way in ways if is_short(way, language)), None)
    return None if shown is None else Worded(text=shown, acts=cited_in(text, facts, language))


def by_rule(facts: Facts, language: Language, said: Collection[str]) -> Worded | None:
    """The first way of telling the facts that is short and not among what was `said`; None where there is none."""
    for first, acts in told(facts, language):
        for way in _with_more(first, "", facts, language):
            if is_short(way, language) and way not in said:
                return Worded(text=way, acts=acts)
    return None


def is_short(text: str, language: Language) -> bool:
    """Whether it is read at a glance."""
    return length(text, language) <= _LONGEST[language]


def _with_more(first: str, second: str, facts: Facts, language: Language) -> Iterator[str]:
    """The sentence with another beside it, the best first. What speaks against the item, or the doubt, stays."""
    against = list(caveats(facts, language))
    beside = against or [second or fact(facts, language, first), ""]
    yield from (f"{first}{_BETWEEN[language]}{one}".strip() for one in beside)


def _with_cut_titles(text: str, facts: Facts, language: Language) -> Iterator[str]:
    """The text, and the same with shorter names for what it names: a title that stands there twice may be no name."""
    titles, *shorter = namings(facts, language)
    yield text
    for names in shorter:
        once = [item_id for item_id in titles if text.count(titles[item_id]) == 1]
        longest_first = sorted(once, key=lambda item_id: -len(titles[item_id]))
        yield reduce(lambda said, item_id: said.replace(titles[item_id], names[item_id]), longest_first, text)


def _parted(text: str, facts: Facts, language: Language) -> tuple[str, str]:
    """Its first sentence, and the second one where it tells something. A title may have a full stop in it, so both must
    be sentences.
    """
    allowed, more = sentences(facts, language), seconds(facts, language)
    between = _BETWEEN[language]
    for found in reversed(list(re.finditer(f"[.!。！](?={between})", text))):
        first, second = text[: found.end()], text[found.end() + len(between) :]
        if is_said(more, second) and is_said(allowed, first):
            return first, "" if is_said(proposals(facts, language), second) else second
    return text, ""
