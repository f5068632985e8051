"""The facts an explanation may state: the item, and what the user did to the cited items. Nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from llm_rerank.ranking import Evidence
from llm_rerank.tokenizer import one_line
from retrieval.catalogue import Catalogue
from retrieval.records import InteractionKind, Item, UserHistory

MOST_CITATIONS = 2
_TELLING = 0.5
_LONGEST_TITLE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedAct:
    """What the user did to one cited item: how often, and when last. `title` is one line of visible text."""

    evidence: Evidence
    item: Item
    title: str
    kind: InteractionKind
    times: int
    last: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """All that one explanation may say."""

    item: Item
    title: str
    acts: tuple[CitedAct, ...]
    against: CitedAct | None = None
    """What lowered the score most, where that is worth telling."""
    known: int | None = None
    """How often the user did something; None where nobody counted."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What may be cited, strongest first."""
        return tuple(act.evidence for act in self.acts)


def cited_together(facts: Facts) -> list[tuple[CitedAct, ...]]:
    """Each act, and all of them: what one text may cite."""
    return [acts for count in range(1, len(facts.acts) + 1) for acts in combinations(facts.acts, count)]


def facts_of(
    item: Item,
    evidence: Sequence[Evidence],
    history: UserHistory,
    catalogue: Catalogue,
    *,
    against: Sequence[Evidence] = (),
) -> Facts:
    """The facts for one ranked item: its strongest evidence, at most MOST_CITATIONS of it, and the strongest of what
    speaks `against` it where that has at least half its effect, and another title than what is cited.
    """
    title = _shown(item.title)
    acts = tuple(_act(found, history, catalogue) for found in evidence[:MOST_CITATIONS])
    least = _TELLING * max((found.effect for found in evidence), default=0.0)
    taken = {title, *(act.title for act in acts)}
    contrary = [_act(found, history, catalogue) for found in against[:1] if -found.effect >= least]
    told = [act for act in contrary if act.item.item_id == item.item_id or act.title not in taken]
    return Facts(item=item, title=title, acts=acts, against=told[0] if told else None, known=len(history.interactions))


def _act(evidence: Evidence, history: UserHistory, catalogue: Catalogue) -> CitedAct:
    touched = [i for i in history.interactions if i.item_id == evidence.item_id]
    newest, item = touched[-1], catalogue[evidence.item_id]
    return CitedAct(
        evidence=evidence,
        item=item,
        title=_shown(item.title),
        kind=newest.kind,
        times=sum(interaction.kind == newest.kind for interaction in touched),
        last=newest.timestamp.date(),
    )


def _shown(title: str) -> str:
    """A title as a sentence may hold it: one line that nobody tires of. A megabyte of title is not read at all."""
    line = one_line(title[: 2 * _LONGEST_TITLE]) or "?"
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"
