"""What is counted of judged reasons, as rows of tables."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from eval.reasons.judged import Judged
from eval.reasons.praise import Overlap
from eval.reasons.records import Answer, Tried
from eval.reasons.statements import Statement
from eval.result import Interval
from eval.statistics.clusters import clustered_interval

Rows = list[tuple[object, ...]]
TriedOf = Callable[[Judged], Tried | None]
_Measure = Callable[[Judged, Tried], float]

_NONE: Final = "-"


def necessity(judged: Sequence[Judged], tried: TriedOf) -> Interval | None:
    """The share of reasons without whose citations the score falls more than without as many random others."""
    return _mean(judged, tried, _falls_further)


def sufficiency(judged: Sequence[Judged], tried: TriedOf) -> Interval | None:
    """The share of reasons with whose citations alone the score is higher than with as many random others alone."""
    return _mean(judged, tried, _is_higher_alone)


def own(one: Judged) -> Tried | None:
    """What its citations do to the score."""
    return one.reason.own


def shuffled(one: Judged) -> Tried | None:
    """What another item's citations do to it."""
    return one.reason.shuffled


def opposed(one: Judged) -> Tried | None:
    """What the one does that it says speaks against the item."""
    return one.reason.opposed


def contrariness(judged: Sequence[Judged]) -> Rows:
    """Of what is said to speak against an item."""
    return [
        ("reasons that tell what speaks against the item", sum(bool(row.reason.against) for row in judged)),
        ("compared with as many random others", sum(opposed(row) is not None for row in judged)),
        ("the score rises more without it than without the others", as_share(_mean(judged, opposed, _rises_further))),
        (
            "it rises without it by",
            as_log_odds(_mean(judged, opposed, lambda row, one: one.cited.without - row.reason.llm_score)),
        ),
    ]


def faithfulness(judged: Sequence[Judged]) -> Rows:
    """Each line once for the citations and once for the control."""
    rows: Rows = [("items", *(sum(tried(row) is not None for row in judged) for tried in (own, shuffled)))]
    for name, measure, written in _MEASURES:
        rows.append((name, *(written(_mean(judged, tried, measure)) for tried in (own, shuffled))))
    return rows


def not_compared(judged: Sequence[Judged]) -> Rows:
    """What is in no line of faithfulness, and why."""
    cited = [row for row in judged if row.reason.cited]
    return [
        ("explained items", len(judged)),
        ("that cite nothing", len(judged) - len(cited)),
        ("that cite something, and nothing else of the history was read", sum(row.others_read == 0 for row in cited)),
        ("or fewer others than are cited", sum(0 < row.others_read < len(row.reason.cited) for row in cited)),
        ("compared", sum(row.reason.own is not None for row in judged)),
        (
            "without a control: no other item of the list cites anything else",
            sum(not row.reason.swapped_in for row in cited),
        ),
    ]


def by_citations(judged: Sequence[Judged]) -> Rows:
    """By how much is cited, and by whether the item itself is."""
    groups: dict[str, Callable[[Judged], bool]] = {
        "nothing": lambda row: not row.reason.cited,
        "one item": lambda row: len(row.reason.cited) == 1,
        "two items": lambda row: len(row.reason.cited) == 2,
        "the item itself, taken before, among them": lambda row: row.reason.item_id in row.reason.cited,
    }
    rows: Rows = []
    for name, belongs in groups.items():
        group = [row for row in judged if belongs(row)]
        template = sum(row.reason.source == "template" for row in group)
        rows.append((name, len(group), template, as_share(necessity(group, own)), as_share(sufficiency(group, own))))
    return rows


def truth(judged: Sequence[Judged]) -> Rows:
    """Statements and citations, as they are and with other citations."""
    said: tuple[Callable[[Judged], Sequence[Statement]], ...] = (
        lambda row: row.said,
        lambda row: row.swapped,
        lambda row: row.strange,
    )
    read: tuple[Sequence[bool | None], ...] = (
        [row.cited_read for row in judged],
        [row.swapped_read for row in judged],
        [row.strange_read for row in judged],
    )
    return [
        ("texts whose citations the model all read in the history", *(percent(flags) for flags in read)),
        ("texts", len(judged), sum(bool(row.swapped) for row in judged), sum(bool(row.strange) for row in judged)),
        ("statements compared with catalogue and log", *(sum(len(of(row)) for row in judged) for of in said)),
        ("of these true", *(as_share(precision(judged, of)) for of in said)),
        ("texts that name all that they cite", percent([row.names_all for row in judged]), "", ""),
        ("texts in which no statement was read", sum(not row.said for row in judged), "", ""),
        ("texts that name an unknown item", sum(bool(row.unknown) for row in judged), "", ""),
    ]


def precision(judged: Sequence[Judged], said: Callable[[Judged], Sequence[Statement]]) -> Interval | None:
    """The share of statements that are true."""
    true = [(row.user, statement.true) for row in judged for statement in said(row)]
    return _interval([float(one) for _, one in true], [user for user, _ in true])


def times(answers: Sequence[Answer]) -> Rows:
    """From the request to the first of each."""
    names = {
        "ranking": "the ranking, without reasons",
        "evidence": "the first evidence, which may be shown",
        "draft": "the first word that the model writes, unchecked",
        "text": "the first checked text",
    }
    return [
        (name, *(f"{np.quantile(of, q):.2f} s" for of in _columns(answers, kind) for q in (0.5, 0.9)))
        for kind, name in names.items()
    ]


def praise(overlaps: Sequence[Overlap]) -> Rows:
    """Shares of content words, paired."""
    users = [one.user for one in overlaps]
    own_words = [one.own for one in overlaps]
    others = [one.others for one in overlaps]
    gained = [mine - theirs for mine, theirs in zip(own_words, others, strict=True)]
    return [
        ("reasons for praised items with content words", len(overlaps)),
        ("their words in the own review", as_share(_interval(own_words, users))),
        ("in other readers' reviews of the category", as_share(_interval(others, users))),
        ("difference", as_share(_interval(gained, users))),
    ]


def as_share(interval: Interval | None) -> str:
    """In percent, with what it may be."""
    if interval is None:
        return _NONE
    return f"{interval.mean:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def as_log_odds(interval: Interval | None) -> str:
    """Signed, with what it may be."""
    if interval is None:
        return _NONE
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _mean(judged: Sequence[Judged], tried: TriedOf, measure: _Measure) -> Interval | None:
    found = [(row.user, float(measure(row, one))) for row in judged if (one := tried(row)) is not None]
    return _interval([value for _, value in found], [user for user, _ in found])


def _falls_further(_: Judged, one: Tried) -> bool:
    return one.cited.without < one.others.without


def _rises_further(_: Judged, one: Tried) -> bool:
    return one.cited.without > one.others.without


def _is_higher_alone(_: Judged, one: Tried) -> bool:
    return one.cited.only > one.others.only


def _interval(values: Sequence[float], users: Sequence[str]) -> Interval | None:
    return clustered_interval(np.array(values), users, metric="reasons") if values else None


def percent(flags: Sequence[bool | None]) -> str:
    """Of those that are known."""
    known = [flag for flag in flags if flag is not None]
    return f"{np.mean(known):.1%}" if known else _NONE


def _columns(answers: Iterable[Answer], kind: str) -> tuple[list[float], list[float]]:
    """What it took of the processor, and by the clock."""
    came = [one for one in answers if kind in one.seconds]
    return [one.processor_seconds[kind] for one in came], [one.seconds[kind] for one in came]


_MEASURES: Final[tuple[tuple[str, _Measure, Callable[[Interval | None], str]], ...]] = (
    ("**necessity**: the score falls more without them than without the others", _falls_further, as_share),
    ("the score falls at all without them", lambda row, one: one.cited.without < row.reason.llm_score, as_share),
    ("it falls without them by", lambda row, one: row.reason.llm_score - one.cited.without, as_log_odds),
    ("it falls without the others by", lambda row, one: row.reason.llm_score - one.others.without, as_log_odds),
    ("difference of these falls", lambda _, one: one.others.without - one.cited.without, as_log_odds),
    ("**sufficiency**: the score is higher with them alone than with the others alone", _is_higher_alone, as_share),
    ("with them alone it changes by", lambda row, one: one.cited.only - row.reason.llm_score, as_log_odds),
    ("with the others alone it changes by", lambda row, one: one.others.only - row.reason.llm_score, as_log_odds),
    ("difference of these changes", lambda _, one: one.cited.only - one.others.only, as_log_odds),
)
