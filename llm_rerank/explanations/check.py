"""The check that no explanation leaves the program without: every word must come from the facts or be an ordinary one.

A closed vocabulary rather than a search for known names: what is in neither list is rejected, so that a product, brand,
price or trait that nobody gave cannot pass, however it is spelt. Then the facts must be joined rightly: what the user
"bought" must be a cited item and not the suggestion, and a number must belong to an item named in the same clause.
"""

import re
from collections.abc import Iterable
from typing import Final

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.vocabulary import (
    ACTS,
    ACTS_ZH,
    NUMBER_WORDS,
    ORDINARY,
    ORDINARY_ZH,
    SAME_CATEGORY,
)
from llm_rerank.ranking import Language

MOST_WORDS: Final = 40
MOST_SENTENCES: Final = 2

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CLAUSE: Final = re.compile(r"[.;!?,:]|\b(?:so|because|since|which|why|as)\b", re.IGNORECASE)
_CLAUSE_ZH: Final = re.compile(r"[。；！？，：,.;!?:]|所以|因此|因为|由于")
_SENTENCE_END: Final = re.compile(r"[.!?](?:\s|$)|[。！？]")


def problem_with(text: str, facts: Facts, language: Language) -> str:
    """What is wrong with a text, in a few words; empty where it may be shown."""
    if not facts.acts:
        return "there is nothing to cite"
    if not text or text[-1] not in ".!。！":
        return "it does not end"
    if len(_SENTENCE_END.findall(text)) > MOST_SENTENCES:
        return "it has too many sentences"
    return _problem_chinese(text, facts) if language == "zh" else _problem_english(text, facts)


def words_of(text: str) -> list[str]:
    """Words and numbers, in lower case."""
    return [word.replace("’", "'").casefold() for word in _WORD.findall(text)]


def _problem_english(text: str, facts: Facts) -> str:
    words = words_of(text)
    if len(words) > MOST_WORDS:
        return "it is too long"
    known = ORDINARY | _fact_words(facts) | (SAME_CATEGORY if _share_category(facts) else frozenset())
    for word in words:
        if word not in known and not word.isdecimal():
            return f"{word!r} is not in the facts"
    if not _named(words, facts):
        return "it cites nothing"
    return _first(_problem_clause(words_of(clause), facts) for clause in _CLAUSE.split(text))


def _problem_clause(words: list[str], facts: Facts) -> str:
    named = _named(words, facts)
    if ACTS.intersection(words):
        if not named:
            return "it tells of an act without naming what was cited"
        if not facts.own and _own_words(facts).intersection(words):
            return "it says that the suggestion itself was taken"
    allowed = _numbers(words, named, facts)
    for word in words:
        number = int(word) if word.isdecimal() else NUMBER_WORDS.get(word)
        if number is not None and number not in allowed:
            return f"the number {word} belongs to nothing it names"
    return ""


def _fact_words(facts: Facts) -> frozenset[str]:
    item = facts.item
    return frozenset(words_of(" ".join([facts.title, item.category, item.brand, *(act.title for act in facts.acts)])))


def _own_words(facts: Facts) -> frozenset[str]:
    """Words that can only mean the suggestion: in its title and in no cited one."""
    return frozenset(words_of(facts.title)).difference(*(words_of(act.title) for act in facts.acts))


def _named(words: list[str], facts: Facts) -> list[CitedAct]:
    return [act for act in facts.acts if _names(words, act.title)]


def _names(words: list[str], title: str) -> bool:
    """A title is named when at least half of its words are there: models shorten long titles."""
    parts = set(words_of(title))
    return bool(parts) and 2 * len(parts.intersection(words)) >= len(parts)


def _numbers(words: list[str], named: list[CitedAct], facts: Facts) -> set[int]:
    """Numbers that a clause may say: how often and when its named items were taken, and what stands in named titles."""
    titles = [act.title for act in named] + ([facts.title] if _names(words, facts.title) else [])
    in_titles = {int(word) for title in titles for word in words_of(title) if word.isdecimal()}
    return in_titles.union(*((act.times, act.last.day, act.last.year) for act in named))


def _share_category(facts: Facts) -> bool:
    return bool(facts.item.category) and all(act.item.category == facts.item.category for act in facts.acts)


def _problem_chinese(text: str, facts: Facts) -> str:
    if not any(act.title in text for act in facts.acts):
        return "it cites nothing"
    return _first(_problem_clause_chinese(clause, facts) for clause in _CLAUSE_ZH.split(text))


def _problem_clause_chinese(clause: str, facts: Facts) -> str:
    named = [act for act in facts.acts if act.title in clause]
    rest = clause
    for act in named:
        rest = rest.replace(act.title, " ")
    suggestion = facts.title in rest
    rest = rest.replace(facts.title, " ")
    if any(word in rest for word in ACTS_ZH):
        if not named:
            return "it tells of an act without naming what was cited"
        if suggestion and not facts.own:
            return "it says that the suggestion itself was taken"
    allowed = set[int]().union(*((act.times, act.last.day, act.last.month, act.last.year) for act in named))
    for number in re.findall(r"\d+", rest):
        if int(number) not in allowed:
            return f"the number {number} belongs to nothing it names"
    for word in ORDINARY_ZH:  # longest first
        rest = rest.replace(word, " ")
    unknown = re.sub(r"[\d\s“”\"《》（）()、次年月日]", "", rest)
    return f"{unknown!r} is not in the facts" if unknown else ""


def _first(problems: Iterable[str]) -> str:
    return next(filter(None, problems), "")
