"""Every reason of one shop in one language, judged, beside the same text with other citations."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.reasons.judge import Judge
from eval.reasons.records import Answer, Asked, Reason
from eval.reasons.statements import Statement
from llm_rerank.ranking import Language
from retrieval.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One reason."""

    user: str
    list_number: int
    language: Language
    """That was asked for."""
    reason: Reason
    titles: tuple[str, ...]
    """Of the item, of what it cites, and of what it says to speak against the item."""
    values: tuple[str, ...]
    """What the catalogue says of the item besides."""
    others_read: int
    """Items of the history that the model read and that are not cited."""
    cited_read: bool
    """Whether the user did something with all that it cites, and the model read it."""
    swapped_read: bool | None
    """The same of what another item of the list cites; None where nothing is cited, here or there."""
    strange_read: bool | None
    """The same of what a reason for somebody else cites."""
    names_all: bool
    """Whether the text names all that it cites."""
    unknown: tuple[str, ...]
    """Titles that it has no business to name."""
    said: tuple[Statement, ...]
    swapped: tuple[Statement, ...]
    """The same as if it cited what another item of the list cites."""
    strange: tuple[Statement, ...]
    """The same as if it cited what a reason for somebody else cites."""


def judged(catalogue: Catalogue, lists: Sequence[Asked], answers: Sequence[Answer]) -> list[Judged]:
    """List by list, in the order in which they were asked."""
    judge = Judge(catalogue)
    return [
        _judged(judge, number, asked, answer, reason, _strange(number, lists, answers))
        for number, (asked, answer) in enumerate(zip(lists, answers, strict=True))
        for reason in answer.reasons
    ]


def _judged(
    judge: Judge, number: int, asked: Asked, answer: Answer, reason: Reason, strange: tuple[str, ...]
) -> Judged:
    history, language = asked.history, asked.language
    readable = set(answer.read) & set(history.item_ids)
    swapped_in, strange = (part if reason.cited else () for part in (reason.swapped_in, strange))
    swapped, strangely = (
        tuple(judge.with_swapped(reason, history, language, part)) if part else () for part in (swapped_in, strange)
    )
    return Judged(
        user=asked.user,
        list_number=number,
        language=language,
        reason=reason,
        titles=tuple(judge.titles(reason)),
        values=tuple(judge.values(reason)),
        others_read=len(set(answer.read) - set(reason.cited)),
        cited_read=set(reason.cited) <= readable,
        swapped_read=set(swapped_in) <= readable if swapped_in else None,
        strange_read=set(strange) <= readable if strange else None,
        names_all=judge.names_all(reason),
        unknown=tuple(judge.unknown_titles(reason)),
        said=tuple(judge.statements(reason, history, language)),
        swapped=swapped,
        strange=strangely,
    )


def _strange(number: int, lists: Sequence[Asked], answers: Sequence[Answer]) -> tuple[str, ...]:
    """What the next list of another user first cites."""
    for place in (*range(number + 1, len(lists)), *range(number)):
        for reason in answers[place].reasons:
            if lists[place].user != lists[number].user and reason.cited:
                return tuple(reason.cited)
    return ()
