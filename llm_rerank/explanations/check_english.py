"""The check of an English text, word by word and then clause by clause."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from llm_rerank.explanations.clauses import capitalised, clauses_of, words_of
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.vocabulary import (
    ACTS,
    CATEGORY_WORDS,
    MONTHS,
    NUMBER_WORDS,
    ORDINARY,
    PAST,
    PROPOSING,
    SAME_CATEGORY,
)

MOST_WORDS: Final = 40

_BOUNDARY: Final = r"[.;!?,:]|\b(?:so|because|since|which|why|as)\b"
_PLAIN: Final = frozenset(" .,;:!?'’\"“”()-")


def problem_english(text: str, facts: Facts) -> str:
    """See problem_with."""
    words, titles = words_of(text), [facts.title, *(act.title for act in facts.acts)]
    if len(words) > MOST_WORDS:
        return "it is too long"
    known = ORDINARY | _fact_words(facts) | (SAME_CATEGORY if _share_category(facts) else frozenset())
    for word in words:
        if word not in known and not word.isdecimal():
            return f"{word!r} is not in the facts"
    for character in text:
        if not (character.isalnum() or character in _PLAIN or any(character in title for title in titles)):
            return f"{character!r} is not in the facts"
    if unknown := capitalised(text) - MONTHS.keys() - _fact_words(facts):
        return f"{min(unknown)!r} is written like a name"
    clauses = list(clauses_of(text, titles, _BOUNDARY))
    if not any(_Clause(clause, facts).named for clause in clauses):
        return "it cites nothing"
    return next((problem for clause in clauses for problem in _Clause(clause, facts).problems()), "")


class _Clause:
    """One clause, and the cited items that it names."""

    def __init__(self, text: str, facts: Facts) -> None:
        self.facts = facts
        self.words = words_of(text)
        titles = [facts.title, *(act.title for act in facts.acts)]
        self.named = [act for act in facts.acts if _names(text, act.title, titles)]
        self.suggests = _names(text, facts.title, titles)
        # The suggestion may be called by ordinary words only ("It"): then its title is looked for as it is written.
        rest = text
        for act in self.named:
            rest = rest.replace(act.title, " ")
        self.spelt_out = not _strange(facts.title) and facts.title in rest

    def problems(self) -> Iterator[str]:
        """What is untrue in it, or not certainly true."""
        words, own = set(self.words), self._words_of_nothing_named()
        acts = ACTS.keys() & words
        if acts or PAST & words:
            if not self.named:
                yield "it tells of an act without naming what was cited"
            if own or self.spelt_out:
                yield "it says that the suggestion itself was taken"
            if any(ACTS[word] != act.kind for word in acts for act in self.named):
                yield "it tells of another act"
        elif own and not (PROPOSING | CATEGORY_WORDS) & words:
            yield "it names the suggestion without suggesting it"
        for act in self.named:
            if own & self._claims() - _claims_of(act):
                yield "it gives a cited item the suggestion's brand or category"
        if any(a == "same" and b not in CATEGORY_WORDS for a, b in pairwise([*self.words, ""])):
            yield "nothing but a category can be the same"
        for at, word in enumerate(self.words):
            if not self._is_true_number(at, word):
                yield f"{word!r} is not true of what it names"

    def _words_of_nothing_named(self) -> set[str]:
        """Words of the facts that belong to no cited item named here."""
        named = set[str]().union(*(words_of(act.title) for act in self.named))
        return set(self.words) & _fact_words(self.facts) - ORDINARY - named

    def _claims(self) -> set[str]:
        return set(words_of(f"{self.facts.item.category} {self.facts.item.brand}")) - set(words_of(self.facts.title))

    def _is_true_number(self, at: int, word: str) -> bool:
        """A count must be how often, a date when all named items were taken; other numbers must stand in a title."""
        before, after = (["", *self.words][at], [*self.words, ""][at + 1])
        number = int(word) if word.isdecimal() else NUMBER_WORDS.get(word)
        if word in ("once", "twice") or (number is not None and after in ("time", "times")):
            return self._of_all(lambda act: act.times == number)
        if self._in_title(before, word, after):
            return True
        if word in MONTHS:
            return self._of_all(lambda act: act.last.month == MONTHS[word])
        if number is None:
            return True
        if MONTHS.keys() & {before, after} and self._of_all(lambda act: act.last.day == number):
            return True
        return (before == "in" or bool(MONTHS.keys() & set(self.words[max(0, at - 2) : at]))) and self._of_all(
            lambda act: act.last.year == number
        )

    def _of_all(self, is_true: Callable[[CitedAct], bool]) -> bool:
        return bool(self.named) and all(map(is_true, self.named))

    def _in_title(self, before: str, word: str, after: str) -> bool:
        titles = [act.title for act in self.named] + ([self.facts.title] if self.suggests else [])
        for words in map(words_of, titles):
            if words == [word] or not {(before, word), (word, after)}.isdisjoint(pairwise(words)):
                return True
        return False


def _names(text: str, title: str, titles: list[str]) -> bool:
    """A title is named by more than half of its words (models shorten long ones), one of which no other title has."""
    parts, words = set(words_of(title)), set(words_of(text))
    if not _strange(title):
        return title in text
    others = set[str]().union(*(words_of(other) for other in titles if words_of(other) != words_of(title)))
    telling = parts - others
    return 2 * len(parts & words) > len(parts) and (not telling or bool(telling & words))


def _strange(title: str) -> set[str]:
    """Words of a title that are no ordinary ones: without any it cannot be told from plain speech."""
    return set(words_of(title)) - ORDINARY


def _fact_words(facts: Facts) -> set[str]:
    item = facts.item
    return set(words_of(" ".join([facts.title, item.category, item.brand, *(act.title for act in facts.acts)])))


def _claims_of(act: CitedAct) -> set[str]:
    return set(words_of(f"{act.item.category} {act.item.brand} {act.title}"))


def _share_category(facts: Facts) -> bool:
    return bool(facts.item.category) and all(act.item.category == facts.item.category for act in facts.acts)
