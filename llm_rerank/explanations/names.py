"""Names: what each thing in the facts may be called, so that no name means two of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.length import cut
from llm_rerank.explanations.phrases import Exactly, Phrase, one_of, row
from llm_rerank.ranking import Language

_BRIEF: Final[dict[Language, int]] = {"en": 6, "zh": 15}
"""Words, or Chinese characters, of a title that is cut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Of each cited item and of the suggestion its title, then shorter names. No name means two of them, unless their
    titles are one.
    """

    cited: tuple[tuple[str, ...], ...]
    suggestion: tuple[str, ...]


def names_in(facts: Facts) -> Names:
    """A title, or its beginning up to a comma where nothing else in the facts may be called that."""
    own = facts.item.item_id
    acts = _acts(facts)
    others = [act for act in acts if act.evidence.item_id != own]
    cited = []
    for act in facts.acts:
        rivals = _all_shortened(other for other in acts if other is not act)
        if act.evidence.item_id != own:
            rivals |= _shortened(facts.title)
        cited.append(_names(act.title, rivals))
    return Names(cited=tuple(cited), suggestion=_names(facts.title, _all_shortened(others)))


def namings(facts: Facts, language: Language) -> Iterator[Mapping[str, str]]:
    """Names by item id: the titles; then titles that are cut, unless two would begin alike."""
    titles = {facts.item.item_id: facts.title} | {act.item.item_id: act.title for act in _acts(facts)}
    yield titles
    brief = {item_id: cut(title, language, _BRIEF[language]) for item_id, title in titles.items()}
    if len(set(brief.values())) == len(set(titles.values())):
        yield brief


def any_of(names: tuple[str, ...], quotes: str = "") -> Phrase:
    """The title in these quotes; shorter names, and other quotation marks or none, are understood."""
    opening, closing = quotes[:1], quotes[1:]
    loose = [row(one_of("", '"', "“"), Exactly(name), one_of("", '"', "”")) for name in names]
    return one_of(Exactly(f"{opening}{names[0]}{closing}"), understood=loose)


def _acts(facts: Facts) -> tuple[CitedAct, ...]:
    """All that are told."""
    return facts.acts if facts.against is None else (*facts.acts, facts.against)


def _names(title: str, rivals: set[str]) -> tuple[str, ...]:
    return (title, *sorted(_shortened(title) - rivals - {title}))


def _shortened(title: str) -> set[str]:
    """The title, and what stands before each of its commas."""
    return {part.strip() for part in accumulate(title.split(","), lambda a, b: f"{a},{b}") if part.strip()}


def _all_shortened(acts: Iterable[CitedAct]) -> set[str]:
    return set[str]().union(*(_shortened(act.title) for act in acts))
