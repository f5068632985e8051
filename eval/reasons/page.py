"""The page: promises, tables and examples of what was judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eval.pages.tables import as_markdown
from eval.promise import Promise
from eval.reasons import tables, texts
from eval.reasons.amazon import CANDIDATES
from eval.reasons.judged import Judged
from eval.reasons.praise import Overlap
from eval.reasons.records import Answer
from eval.reasons.statements import told
from eval.reasons.tables import own, shuffled
from eval.report import Report
from llm_rerank.tokenizer import one_line

DEMO: Final = "demo shop"
CHINESE: Final = "demo shop in Chinese"
AMAZON: Final = "Amazon Reviews 2023"
_EXAMPLES: Final = 5
_NOBODY: Final = [("(none)", "")]
_TRUTH: Final = ("", "as cited", "another item's citations", "somebody else's")
_READS: Final = (
    "95 % in brackets: percentile bootstrap, all items of a user drawn together. Scores are log-odds of yes, the "
    "ranker's own, of a history that holds what the model read and no older item in the gap. The others are as many "
    "items of what the model read, drawn anew for each item; each item weighs the same. Control: what another item of "
    "the same list cites and this one does not, against others in the same way."
)


_ASKED: Final = (
    "Demo shop: households by chance, the first 3 items of each ranking, as the service answers them; the first of "
    "these households again in Chinese. Amazon Reviews 2023, where a table says so (for measuring only: nothing of it "
    f"stands here but figures): lists of up to four past reviews, a held-out item and {CANDIDATES - 1} others of its "
    "category by chance; explained are the held-out item and the one of the others that the LLM put first. Past "
    "reviews are told as ratings. One configuration, configs/recommend.yaml, has answered all: both of its adapters "
    "were tuned on the demo shop's data, none on Amazon's, whose titles are several times as long."
)
_JUDGED: Final = (
    "Statements are read in known forms of words (what was done, how often, when; categories, brands, prices; "
    "what is shared) and compared with catalogue and log, without the program's own check; other words are not judged. "
    "The controls judge the same text as if it cited other items under the titles that it has. In Amazon's lists "
    "another item's citations are no control: all that is said of one item, that it was rated, is true of every other."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One data set."""

    name: str
    judged: Sequence[Judged]
    answers: Sequence[Answer]


def explanations_page(report: Report, found: Sequence[Measured], praise: Sequence[Overlap]) -> None:
    """`found` are the data sets and languages that were asked."""
    report.line(_ASKED)
    by_name = {one.name: one for one in found}
    scored = [by_name[name] for name in (DEMO, AMAZON) if name in by_name]
    report.promise([promise for one in scored for promise in promises(one)])
    report.line(_READS)
    for one in scored:
        _citations(report, one)
    for one in found:
        report.table(f"What the texts say, {one.name}", _TRUTH, tables.truth(texts.spoken(one.judged)))
    report.line(_JUDGED)
    _texts(report, found)
    _times(report, by_name[DEMO])
    if AMAZON in by_name:
        _praise(report, praise, by_name[AMAZON].answers)
    _examples(report, by_name[DEMO])


def promises(measured: Measured) -> list[Promise]:
    """Of one data set."""
    judged, name = measured.judged, measured.name
    necessary, chance = (tables.necessity(judged, tried) for tried in (own, shuffled))
    true, *untrue = (
        tables.precision(judged, said)
        for said in (lambda row: row.said, lambda row: row.swapped, lambda row: row.strange)
    )
    said = texts.spoken(judged)
    valid = sum(row.cited_read for row in said) / len(said) if said else None
    means = [None if one is None else one.mean for one in (necessary, chance, true, *untrue)]
    return [
        Promise(
            name=f"citations that the model read in the history, {name}", sense="at least", limit=1, measured=valid
        ),
        Promise(name=f"necessity, {name}", sense="at least", limit=0.9, measured=means[0]),
        _below(f"control: necessity of another item's citations, {name}", means[0], means[1]),
        Promise(name=f"statements that are true, {name}", sense="at least", limit=0.95, measured=means[2]),
        _below(f"control: true with somebody else's citations, {name}", means[2], means[4]),
        Promise(
            name=f"texts that name an unknown item, {name}",
            sense="at most",
            limit=0,
            measured=sum(bool(row.unknown) for row in judged),
        ),
        *([] if name == AMAZON else _of_the_shop(measured, means[2], means[3])),
        Promise(name=f"distinct texts, {name}", sense="at least", limit=0.9, measured=texts.distinct_share(judged)),
        *(
            Promise(name=f"{what}, {name}", sense="at most", limit=0, measured=count(judged))
            for what, count in (
                ("texts of more than 30 words", texts.too_long),
                ("lists in which two texts are alike", texts.lists_alike),
                ("texts that persuade", texts.persuading),
            )
        ),
    ]


def _citations(report: Report, measured: Measured) -> None:
    judged, name = measured.judged, measured.name
    report.table(f"Citations and the score, {name}", ("", "what is cited", "control"), tables.faithfulness(judged))
    report.table(f"What is compared there, {name}", ("", "count"), tables.not_compared(judged))
    columns = ("what is cited", "items", "by the template", "necessity", "sufficiency")
    report.table(f"By what is cited, {name}", columns, tables.by_citations(judged))
    report.table(f"What speaks against an item, {name}", ("", ""), tables.contrariness(judged))


def _texts(report: Report, measured: Sequence[Measured]) -> None:
    rows = texts.table([one.judged for one in measured])
    report.table("The texts", ("", *(one.name for one in measured)), rows)
    for one in measured:
        if refused := texts.refusals(one.judged):
            report.table(f"Why the model's words are not shown, {one.name}", ("reason", "count"), refused)


def _times(report: Report, measured: Measured) -> None:
    columns = ("from the request to", "alone, median", "alone, 90 %", "here, median", "here, 90 %")
    report.table(f"Time to the first word, {measured.name}", columns, tables.times(measured.answers))
    loads = sorted(one.load for one in measured.answers)
    report.line(
        "Alone: this process's own time on the processor, about what the clock would show if nobody else used the "
        f"machine and the engine one thread. Here: by the clock, beside other jobs (load average {loads[0]:.1f} to "
        f"{loads[-1]:.1f}, median {loads[len(loads) // 2]:.1f}): no measure of the program. One request at a time, "
        "each with reasons for all its items, which are worded together."
    )


def _praise(report: Report, overlaps: Sequence[Overlap], answers: Sequence[Answer]) -> None:
    report.table("Words of the reason in the held-out review", ("", "share"), tables.praise(overlaps))
    ranks = [one.held_out_rank for one in answers if one.held_out_rank is not None]
    first = sum(rank == 1 for rank in ranks) / len(ranks)
    report.line(
        "Weak evidence at best: the share of a reason's content words that the review of the very item, which the "
        "program never saw, has too. Content words: three letters or more, in at most 5 % of the reviews and of the "
        "reasons, not in the item's own title; so they are mostly words of what is cited. Only items with four stars "
        "or five. A reason tells what moved the score and not what is good about an item, so little can be expected. "
        "The baseline is the mean over the other readers' reviews of items of the category. "
        f"The LLM put the held-out item first in {first:.1%} of {len(ranks)} lists of {CANDIDATES} (chance: "
        f"{1 / CANDIDATES:.1%}), at rank {sum(ranks) / len(ranks):.1f} on average (chance: {(CANDIDATES + 1) / 2:.1f})."
    )


def _examples(report: Report, measured: Measured) -> None:
    """Good and bad ones; of data that may be shown."""
    judged = measured.judged
    tried = sorted((row for row in judged if row.reason.own is not None), key=_gain, reverse=True)
    for title, rows in (("most", tried[:_EXAMPLES]), ("least", tried[: -_EXAMPLES - 1 : -1])):
        cells = [(*_cells(row), _falls(row)) for row in rows]
        report.table(f"The {title} necessary citations", ("item", "text", "falls without them; the others"), cells)
    refused = [row for row in judged if row.reason.refused][:_EXAMPLES]
    columns = ("item", "refused", "said")
    cells = [(_cells(row)[0], as_markdown(one_line(row.reason.refused)), _cells(row)[1]) for row in refused]
    report.table("Refused texts, and what was said instead", columns, cells)
    contrary = [row for row in judged if row.reason.against][:_EXAMPLES]
    report.table("What speaks against it is told", ("item", "text"), [_cells(row) for row in contrary] or _NOBODY)
    longest = sorted(judged, key=lambda row: len(row.reason.text.split()), reverse=True)[:_EXAMPLES]
    report.table("The longest texts", ("item", "text"), [_cells(row) for row in longest])
    silent = [(_cells(row)[0], row.reason.rejected or "nothing spoke for it") for row in judged if not row.reason.text]
    report.table("Nothing is said", ("item", "why"), silent[:_EXAMPLES] or _NOBODY)
    wrong = [(*_cells(row), what) for row in judged if (what := _wrong(row))] or [(*_NOBODY[0], "")]
    report.table("All that is not so, or names an unknown item", ("item", "text", "what"), wrong)


def _of_the_shop(measured: Measured, true: float | None, swapped: float | None) -> list[Promise]:
    """What is promised where there is more to say of an item than that it was rated, and the writer learnt to."""
    share = texts.template_share(measured.judged)
    return [
        _below(f"control: true with another item's citations, {measured.name}", true, swapped),
        Promise(name=f"by the template, {measured.name}", sense="at most", limit=0.2, measured=share),
    ]


def _below(name: str, limit: float | None, measured: float | None) -> Promise:
    """Of a control: it must do worse than the thing itself."""
    return Promise(name=name, sense="below", limit=round(limit or 0.0, 4), measured=measured)


def _gain(row: Judged) -> float:
    """How much further the score falls without the citations than without the others."""
    tried = row.reason.own
    return 0.0 if tried is None else tried.others.without - tried.cited.without


def _falls(row: Judged) -> str:
    tried, score = row.reason.own, row.reason.llm_score
    return "" if tried is None else f"{score - tried.cited.without:.3f}; {score - tried.others.without:.3f}"


def _wrong(row: Judged) -> str:
    return as_markdown("; ".join((*(one.words for one in row.said if not one.true), *row.unknown)))


def _cells(row: Judged) -> tuple[str, str]:
    return as_markdown(told(row.titles[0])), as_markdown(row.reason.text)
