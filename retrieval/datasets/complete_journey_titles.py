"""Titles for products that have none: composed from type, category, size and brand, in words a person would use."""

import re
from collections.abc import Iterable
from functools import cache

from retrieval.datasets.complete_journey_words import (
    FRAGMENTS,
    KEPT,
    PATTERNS,
    PHRASES,
    SIZES,
    SMALL,
    UNITS,
    WHOLE,
    WORDS,
)

_SOURCE_WIDTH = 30
_WORD = re.compile(r"[A-Z0-9'%.$]+")
_SPACES = {
    r"&": " AND ",
    r"(?<=\d)(?=(PK|IN|ML|LT|LBS|PC)(?![A-Z]))": " ",
    r"(?<=[A-Z])\.(?=[A-Z])|(?<=%)(?=[A-Z])": " ",
    r"(?<=\))(?=[A-Z(])|(?<=[A-Z])(?=\()": " ",
    r"(?<=\w)- | -(?=\w)": " - ",
    r"\s*:\s*": ": ",
}
_SAYS_NOTHING = frozenset({"and", "all", "other", "miscellaneous", "product", "item", "good", "need", "supplie", "non"})
_SAYS_LITTLE = frozenset({"frozen", "fresh", "dry", "canned", "refrigerated", "packaged", "seasonal", "premium"})


def vocabulary_of(phrases: Iterable[str]) -> frozenset[str]:
    """Words known to be whole: those of all phrases too short to have been cut off, and those we can spell out."""
    uncut = (phrase for phrase in phrases if len(phrase) < _SOURCE_WIDTH)
    return WHOLE.union(WORDS, *(_WORD.findall(phrase) for phrase in uncut))


def humanise(phrase: str, vocabulary: frozenset[str]) -> str:
    """A shouted, abbreviated, perhaps cut-off phrase as a title; `vocabulary` holds the words that are known whole."""
    text = " ".join(phrase.split())
    for passage, meaning in PHRASES.items():
        text = text.replace(passage, meaning)
    for pattern, meaning in PATTERNS.items():
        text = re.sub(pattern, meaning, text)
    if len(phrase) >= _SOURCE_WIDTH:
        text = _without_torn_end(text, phrase, vocabulary)
    for pattern, meaning in _SPACES.items():
        text = re.sub(pattern, meaning, text)
    return _closed(_WORD.sub(lambda match: _word(match[0]), text))


def human_size(size: str) -> str:
    """A package size as people write it ("12 PK/12 OZ" is "12 pack/12 oz"); empty for one that is only a code."""
    text = re.sub(r"\s*\(\d+\)$|\*$", "", " ".join(size.split())).rstrip(" /.")
    text = re.sub(r"^(?:[A-Z]{1,3} )+(?=[\d.])", "", text)  # "AB    8 OZ": the maker's code stands in front
    if text.count("(") != text.count(")"):
        text = re.sub(r"\(.*|.*\)", "", text)
    if not re.match(r"[\d.(]", text):
        return SIZES.get(text, "")
    text = re.sub(r"\s*/\s*", "/", re.sub(r"(?<!\d)\.(?=\d)", "0.", text))
    return re.sub(r"[A-Z]+", lambda match: UNITS.get(match[0], match[0].lower()), text)


def compose(product_type: str, category: str, size: str, brand: str) -> str:
    """The title; each part may be empty. What type and category both say is said once."""
    return ", ".join(part for part in (*_distinct(product_type, category), size, brand) if part)


@cache
def _distinct(product_type: str, category: str) -> tuple[str, str]:
    type_words, category_words = _words(product_type), _words(category)
    if category_words <= type_words or (category_words & type_words) - _SAYS_LITTLE:
        return product_type, ""
    return ("", category) if type_words <= category_words else (product_type, category)


def _words(phrase: str) -> frozenset[str]:
    return frozenset(word.lower().rstrip("s") for word in re.findall(r"[A-Za-z']{3,}", phrase)) - _SAYS_NOTHING


def _without_torn_end(text: str, phrase: str, vocabulary: frozenset[str]) -> str:
    """Takes off the last word of `phrase` where it is only the beginning of one, and then what now leads to nothing."""
    *_, last = _WORD.findall(phrase) or [""]
    letter = len(last) == 1 and last.isalpha()
    if phrase.endswith(last) and (letter or last not in vocabulary):
        text = text.removesuffix(last)
    while text != (shorter := re.sub(rf"(?:^|(?<=[ (/&-]))(?:{'|'.join(FRAGMENTS)})$", "", text.rstrip(" -/&:,(+"))):
        text = shorter
    return text


def _word(shouted: str) -> str:
    bare = shouted.strip(".'")
    if bare in KEPT:
        return bare
    meaning = WORDS.get(bare, bare.lower())
    return " ".join(part if part in SMALL else part[:1].upper() + part[1:] for part in meaning.split())


def _closed(text: str) -> str:
    """Closes the parentheses that are open, and begins with a capital."""
    text = text + ")" * (text.count("(") - text.count(")"))
    text = " ".join(re.sub(r"\(\s+", "(", text).split())
    return text[:1].upper() + text[1:]
