"""How the check reads a text: words, and clauses that no title is cut by."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?])[\s\"“(]*$")


def words_of(text: str) -> list[str]:
    """Words and numbers, in lower case."""
    return [word.replace("’", "'").casefold() for word in _WORD.findall(text)]


def capitalised(text: str) -> set[str]:
    """Words, in lower case, that are written like names: with a capital where no sentence begins."""
    found = (m for m in _WORD.finditer(text) if m[0][0].isupper() and not _SENTENCE_START.search(text[: m.start()]))
    return {word for match in found for word in words_of(match[0])}


def clauses_of(text: str, titles: Iterable[str], boundary: str) -> Iterator[str]:
    """The parts of `text` between matches of `boundary`, except where these lie within one of the titles."""
    known = "|".join(map(re.escape, sorted(titles, key=len, reverse=True)))
    start = 0
    for match in re.finditer(f"(?P<title>{known})|{boundary}", text, re.IGNORECASE):
        if match["title"] is None:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]
