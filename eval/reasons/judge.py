"""The judge of a text: looks for every title of the catalogue in it, and compares what it says with catalogue and log.

The program's own check is not used.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Final

from eval.reasons.chinese_statements import chinese_statements
from eval.reasons.records import Reason
from eval.reasons.statements import Statement, fields_of, masked, statements, told
from llm_rerank.ranking import Language
from llm_rerank.tokenizer import one_line
from retrieval.catalogue import Catalogue
from retrieval.records import Item, UserHistory

_WORD: Final = re.compile(r"\w+")
_THIS: Final = re.compile(r"\bthis\b|它|这款商品", re.IGNORECASE)
_Reader = Callable[[str, Item, Sequence[Item], UserHistory, Sequence[Item]], Iterator[Statement]]
_READERS: Final[dict[Language, _Reader]] = {
    "en": statements,
    "zh": chinese_statements,
}


class TitleFinder:
    """Finds catalogue titles in a text, as whole words; titles of one word are ordinary words and cannot be told."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._titles: dict[tuple[str, ...], str] = {}
        for title in titles:
            if len(words := words_of(title)) > 1:
                self._titles[words] = title
        self._longest = max(map(len, self._titles), default=0)

    def find(self, text: str) -> set[str]:
        """The titles that stand in the text."""
        words = words_of(text)
        spans = (words[i : i + n] for i in range(len(words)) for n in range(2, self._longest + 1))
        return {self._titles[span] for span in spans if span in self._titles}


class Judge:
    """Judges reasons of one shop."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._finder = TitleFinder(one_line(item.title) for item in catalogue)

    def unknown_titles(self, reason: Reason) -> list[str]:
        """The titles that it has no business to name."""
        known = {
            title
            for item in (self._catalogue[reason.item_id], *self._cited(reason), *self._against(reason))
            for text in _known_of(item)
            for title in self._finder.find(text)
        }
        return sorted(self._finder.find(reason.text) - known)

    def names_all(self, reason: Reason) -> bool:
        """Whether the text names all that it cites; "this item" is the one that is explained."""
        titles = sorted({told(item.title) for item in self._cited(reason)}, key=len, reverse=True)
        read = masked(reason.text, titles)
        own = self._catalogue[reason.item_id].title if _THIS.search(read) else ""
        return all(f"⟦{place}⟧" in read or title == told(own) for place, title in enumerate(titles))

    def statements(self, reason: Reason, history: UserHistory, language: Language = "en") -> list[Statement]:
        """What it says, and whether it is so."""
        read = _READERS[language]
        item = self._catalogue[reason.item_id]
        return list(read(reason.text, item, self._cited(reason), history, self._against(reason)))

    def with_swapped(
        self, reason: Reason, history: UserHistory, language: Language, swapped_in: Sequence[str]
    ) -> list[Statement]:
        """The same text as if what it cites were these items instead, each under the title that the text has."""
        swaps = dict(zip(reason.cited, cycle(swapped_in), strict=False))
        cited = [replace(self._catalogue[swaps[old.item_id]], title=old.title) for old in self._cited(reason)]
        item = self._catalogue[reason.item_id]
        taken_for = replace(item, item_id=swaps.get(item.item_id, item.item_id))
        return list(_READERS[language](reason.text, taken_for, cited, history, self._against(reason)))

    def titles(self, reason: Reason) -> list[str]:
        """Of the item, of what it cites, and of what it says to speak against it."""
        items = (self._catalogue[reason.item_id], *self._cited(reason), *self._against(reason))
        return [one_line(item.title) for item in items]

    def values(self, reason: Reason) -> list[str]:
        """What the catalogue says of the item beside its title."""
        return [value for value in fields_of(self._catalogue[reason.item_id]).values() if value]

    def _cited(self, reason: Reason) -> list[Item]:
        return [self._catalogue[item_id] for item_id in reason.cited]

    def _against(self, reason: Reason) -> list[Item]:
        return [self._catalogue[item_id] for item_id in reason.against]


def words_of(text: str) -> tuple[str, ...]:
    """Its words, whatever their case."""
    return tuple(_WORD.findall(text.casefold()))


def _known_of(item: Item) -> tuple[str, ...]:
    """What the catalogue says of it: a category may be called what another item is called."""
    return (item.title, item.category, item.brand, *item.attributes.values())
