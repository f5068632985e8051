"""How long a text is, in what its language is counted in."""

import re
from typing import Final

from llm_rerank.ranking import Language

_UNITS: Final[dict[Language, re.Pattern[str]]] = {
    "en": re.compile(r"\S+"),
    "zh": re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+"),
}


def length(text: str, language: Language) -> int:
    """English words, or Chinese characters, of which a foreign word or a number counts as one."""
    return len(_UNITS[language].findall(text))


def cut(text: str, language: Language, most: int) -> str:
    """The text, or its first so many words or characters and a "…"."""
    units = list(_UNITS[language].finditer(text))
    return text if len(units) <= most else f"{text[: units[most - 1].end()].rstrip(',;:')}…"
