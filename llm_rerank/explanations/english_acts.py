"""What a user did to one cited item, in English: bought twice, last on 5 January."""

from typing import Final

from llm_rerank.explanations.facts import CitedAct
from llm_rerank.explanations.names import any_of
from llm_rerank.explanations.phrases import Phrase, maybe, one_of, row
from retrieval.records import InteractionKind

_VERBS: Final[dict[InteractionKind, Phrase]] = {
    "purchase": one_of("bought", "purchased"),
    "view": one_of("viewed", "looked at"),
    "rating": one_of("rated"),
    "search": one_of("searched for"),
}
NOUNS: Final[dict[InteractionKind, tuple[str, str]]] = {
    "purchase": ("purchase of ", "purchases of "),
    "view": ("look at ", "looks at "),
    "rating": ("rating of ", "ratings of "),
    "search": ("search for ", "searches for "),
}
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class EnglishAct:
    """An act in words; `own` where what is cited is what is suggested."""

    def __init__(self, act: CitedAct, names: tuple[str, ...], *, own: bool) -> None:
        title = any_of(names)
        one, many = NOUNS[act.kind]
        self.act = act
        self.own = own
        self.name = one_of(title, understood=("this item", "this")) if own else title
        self.verb = _VERBS[act.kind]
        self.often = _often(act.times)
        self.how = row(maybe(self.often), maybe(_when(act)))
        self.acts = row(one, self.name) if act.times == 1 else row(_number(act.times), " ", many, self.name)


def _often(times: int) -> Phrase:
    digits = f" {times} times"
    if times == 1:
        return one_of(" once", understood=(digits, " 1 time", " one time"))
    words = " twice" if times == 2 else f" {_number(times)} times"
    return one_of(words, digits, understood=(" two times",) if times == 2 else ())


def _when(act: CitedAct) -> Phrase:
    """A date without "last" is true of one act only."""
    day = one_of(f"{act.last.day} {act.last:%B}", f"{act.last.day} {act.last:%B} {act.last.year}")
    last = [row(f"{comma} {word} on ", day) for comma in (",", "") for word in ("last", "most recently")]
    if act.times > 1:
        return one_of(*last[:2], understood=last)
    return one_of(row(" on ", day), f" in {act.last:%B} {act.last.year}", understood=last)


def _number(times: int) -> str:
    return _NUMBERS[times] if times < len(_NUMBERS) else str(times)
