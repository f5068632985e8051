"""How long a text is, in what its language is counted in."""

import re
from typing import Final

from llm_rerank.ranking import Language

_WIDE: Final = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LONG: Final = 20
_UNITS: Final[dict[Language, re.Pattern[str]]] = {
    "en": re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]{{1,{_LONG}}}"),
    "zh": re.compile(rf"[{_WIDE}]|[^\W{_WIDE}]{{1,{_LONG}}}"),
}


def length(text: str, language: Language) -> int:
    """English words, or Chinese characters, of which a foreign word or a number counts as one. In either a character of
    Chinese, Japanese or Korean counts as one, and a word of more than 20 letters as several.
    """
    return len(_UNITS[language].findall(text))


def cut(text: str, language: Language, most: int) -> str:
    """The text, or its first so many words or characters and a "…"."""
    units = list(_UNITS[language].finditer(text))
    return text if len(units) <= most else f"{text[: units[most - 1].end()].rstrip(',;:')}…"
