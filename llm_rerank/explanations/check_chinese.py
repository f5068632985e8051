"""The check of a Chinese text. Words have no spaces: what may stand there is taken out, and nothing may be left."""

import re
from typing import Final

from llm_rerank.explanations.clauses import clauses_of
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.vocabulary import ACTS_ZH, ORDINARY_ZH, PAST_ZH, PROPOSING_ZH

MOST_CHARACTERS: Final = 60
"""Without the titles."""

_BOUNDARY: Final = r"[。；！？，：,.;!?:]|所以|因此|因为|由于"
_NUMBER: Final = re.compile(r"(\d+)\s*(\D?)")


def problem_chinese(text: str, facts: Facts) -> str:
    """See problem_with."""
    titles = [facts.title, *(act.title for act in facts.acts)]
    if len(_without(text, titles)) > MOST_CHARACTERS:
        return "it is too long"
    clauses = list(clauses_of(text, titles, _BOUNDARY))
    if not any(_named(clause, facts) for clause in clauses):
        return "it cites nothing"
    return next(filter(None, (_problem_clause(clause, facts) for clause in clauses)), "")


def _problem_clause(clause: str, facts: Facts) -> str:
    named = _named(clause, facts)
    suggests = facts.title in _without(clause, [act.title for act in named if act.title != facts.title])
    own = suggests and all(act.title != facts.title for act in named)
    rest = _without(clause, [facts.title, *(act.title for act in named)])
    kinds = {kind for word, kind in ACTS_ZH.items() if word in rest}
    if kinds or any(word in rest for word in PAST_ZH):
        if not named:
            return "it tells of an act without naming what was cited"
        if own:
            return "it says that the suggestion itself was taken"
        if any(act.kind != kind for act in named for kind in kinds):
            return "it tells of another act"
    elif own and not any(word in rest for word in PROPOSING_ZH):
        return "it names the suggestion without suggesting it"
    for number, unit in _NUMBER.findall(rest):
        if not named or any(_counts(act).get(unit) != int(number) for act in named):
            return f"the number {number} belongs to nothing it names"
    unknown = re.sub(r"[\s“”\"《》（）()]|\d+\s*[次年月日]", "", _without(rest, ORDINARY_ZH))
    return f"{unknown!r} is not in the facts" if unknown else ""


def _named(clause: str, facts: Facts) -> list[CitedAct]:
    """Cited items whose title stands in the clause, and not only within the suggestion's longer one."""
    shorter = [act for act in facts.acts if act.title != facts.title and act.title in facts.title]
    rest = clause.replace(facts.title, " ")
    return [act for act in facts.acts if act.title in (rest if act in shorter else clause)]


def _counts(act: CitedAct) -> dict[str, int]:
    return {"次": act.times, "年": act.last.year, "月": act.last.month, "日": act.last.day}


def _without(text: str, parts: "list[str] | tuple[str, ...]") -> str:
    """The longest first, so that one is taken out before another that is a part of it."""
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, " ")
    return text
