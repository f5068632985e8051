"""The sentences that facts allow, as regular expressions: in English and in Chinese, each written for itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from llm_rerank.explanations.facts import CitedAct, Facts
from retrieval.records import InteractionKind

_VERBS: Final[dict[InteractionKind, str]] = {
    "purchase": "(?:bought|purchased)",
    "view": "(?:viewed|looked at)",
    "rating": "rated",
    "search": "searched for",
}
_VERBS_ZH: Final[dict[InteractionKind, str]] = {
    "purchase": "(?:买过|购买过)",
    "view": "看过",
    "rating": "评价过",
    "search": "搜索过",
}
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What each cited item and the suggestion may be called; no name means two of them, unless their titles are one."""

    cited: tuple[frozenset[str], ...]
    suggestion: frozenset[str]


def names_in(facts: Facts) -> Names:
    """A title, or its beginning up to a comma where nothing else in the facts may be called that."""
    own = facts.item.item_id
    others = [act for act in facts.acts if act.evidence.item_id != own]
    suggestion = _shortened(facts.title) - _all_shortened(others) | {facts.title}
    cited = []
    for act in facts.acts:
        rivals = _all_shortened(other for other in facts.acts if other is not act)
        if act.evidence.item_id == own:
            cited.append(_shortened(act.title) - rivals | {act.title})
        else:
            cited.append(_shortened(act.title) - rivals - _shortened(facts.title) | {act.title})
    return Names(cited=tuple(map(frozenset, cited)), suggestion=frozenset(suggestion))


def english(facts: Facts, names: Names) -> str:
    """ "You bought A twice and B. We suggest C." and its variants."""
    told = [_told(act, _any(cited)) for act, cited in zip(facts.acts, names.cited, strict=True)]
    pairs = [(i, j) for i in range(len(told)) for j in range(len(told)) if i != j]
    acts = [f"{_VERBS[act.kind]} {told[i]}" for i, act in enumerate(facts.acts)]
    acts += [f"{acts[i]},? and (?:also )?(?:you )?(?:also )?{acts[j]}" for i, j in pairs]
    acts += [f"{acts[i]} and {told[j]}" for i, j in pairs if facts.acts[i].kind == facts.acts[j].kind]
    suggestion = _any(names.suggestion)
    raised = f"(?:, which raised the model's score of (?:this item|{suggestion}))?"
    proposal = f"(?: (?:(?:We|The shop) suggests? {suggestion}|{suggestion} is (?:suggested|recommended))[.!])?"
    return f"You(?: have|['’]ve)? (?:{'|'.join(acts)}){raised}[.!]{proposal}"


def chinese(facts: Facts, names: Names) -> str:
    """「您买过“甲”2次，还买过“乙”。推荐“丙”。」 and its variants."""
    told = [_told_zh(act, _any(cited)) for act, cited in zip(facts.acts, names.cited, strict=True)]
    pairs = [(i, j) for i in range(len(told)) for j in range(len(told)) if i != j]
    acts = list(told)
    acts += [f"{told[i]}，?(?:还|也){told[j]}" for i, j in pairs]
    suggestion = _any(names.suggestion)
    raised = f"(?:，这提高了模型对(?:它|这款商品|{suggestion})的评分)?"
    proposal = f"(?:(?:我们|为您|我们为您)?推荐{suggestion}[。！])?"
    return f"您(?:曾经?)?(?:{'|'.join(acts)}){raised}[。！]{proposal}"


def _told(act: CitedAct, name: str) -> str:
    """The object of an act: its name, how often, when. A date without "last" is true of one act only."""
    often = {1: "once", 2: "twice"}.get(act.times)
    number = _NUMBERS[act.times] if act.times < len(_NUMBERS) else str(act.times)
    times = "|".join(filter(None, [often, f"{act.times} times?", f"{number} times?"]))
    day = f"on {act.last.day} {act.last:%B}(?: {act.last.year})?"
    when = f",? (?:most recently|last) {day}"
    if act.times == 1:
        when += f"| {day}| in {act.last:%B} {act.last.year}"
    return f"{name}(?: (?:{times}))?(?:{when})?"


def _told_zh(act: CitedAct, name: str) -> str:
    day = f"{act.last.year}年{act.last.month}月{act.last.day}日"
    before = f"(?:在{day})?" if act.times == 1 else ""
    return f"{before}{_VERBS_ZH[act.kind]}{name}(?:{act.times}次)?(?:，最近一次是{day})?"


def _shortened(title: str) -> set[str]:
    """The title, and what stands before each of its commas."""
    return {part.strip() for part in accumulate(title.split(","), lambda a, b: f"{a},{b}") if part.strip()}


def _all_shortened(acts: Iterable[CitedAct]) -> set[str]:
    return set[str]().union(*(_shortened(act.title) for act in acts))


def _any(names: Iterable[str]) -> str:
    """Any of the names, longest first, in quotation marks or not, in its own case: a film may be called "It"."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return f'["“]?(?-i:{"|".join(map(re.escape, longest_first))})["”]?'
