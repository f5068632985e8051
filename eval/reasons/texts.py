"""What reasons read like: how long, how varied, and in whose words. Counted with none of the program's own rules."""

import re
from calendar import month_name
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from eval.reasons.judged import Judged
from eval.reasons.tables import Rows, percent
from llm_rerank.ranking import Language

_NUMBER: Final = re.compile(rf"\d+(?:\.\d+)?|\b(?:{'|'.join(month_name[1:])})\b")
_IDEOGRAPH: Final = re.compile(r"[\u4e00-\u9fff]")
_LONGEST: Final[dict[Language, int]] = {"en": 30, "zh": 60}
_PERSUADES: Final = re.compile(
    r"\b(?:perfect|love|loved|best|amazing|ideal|must[- ]have|guaranteed?|great|favou?rite|delicious|enjoy|exclusive|"
    r"hurry|only today|don't miss|recommended for you|just for you)\b|\d ?% ?(?:match|sure)|"
    r"完美|最好|绝对|一定会|必买|必备|超值|心动|千万别|为您精选|匹配度",
    re.IGNORECASE,
)


def table(columns: Sequence[Sequence[Judged]]) -> Rows:
    """A column a data set or language."""
    said = [spoken(column) for column in columns]
    return [
        ("explained items", *map(len, columns)),
        ("of which nothing is said", *(len(c) - len(s) for c, s in zip(columns, said, strict=True))),
        ("texts", *map(len, said)),
        ("written by the model and passed", *(percent([r.reason.source == "model" for r in s]) for s in said)),
        ("fell back to the template", *(percent([r.reason.source == "template" for r in s]) for s in said)),
        ("distinct texts", *(percent(_first_of_its_kind(s)) for s in said)),
        ("distinct texts, titles, numbers and months aside", *(len({_form(row) for row in s}) for s in said)),
        ("lists in which two texts are alike", *map(lists_alike, said)),
        ("texts with a word that persuades, titles aside", *map(persuading, said)),
        ("texts with a second sentence, or more", *(percent([_sentences(row) > 1 for row in s]) for s in said)),
        ("texts with more than two sentences", *(sum(_sentences(row) > 2 for row in s) for s in said)),
        ("words: median, 90 %, longest", *(_spread([len(r.reason.text.split()) for r in s]) for s in said)),
        ("characters: median, 90 %, longest", *(_spread([len(r.reason.text) for r in s]) for s in said)),
        ("at most 30 words, or 60 Chinese characters", *(percent([_is_short(r) for r in s]) for s in said)),
    ]


def spoken(judged: Sequence[Judged]) -> list[Judged]:
    """Those of which something is said."""
    return [row for row in judged if row.reason.text]


def template_share(judged: Sequence[Judged]) -> float | None:
    """Of the texts; None without any."""
    said = spoken(judged)
    return float(np.mean([row.reason.source == "template" for row in said])) if said else None


def distinct_share(judged: Sequence[Judged]) -> float | None:
    """Of the texts; None without any."""
    texts = [row.reason.text for row in spoken(judged)]
    return len(set(texts)) / len(texts) if texts else None


def too_long(judged: Sequence[Judged]) -> int:
    """How many are."""
    return sum(not _is_short(row) for row in judged)


def lists_alike(judged: Sequence[Judged]) -> int:
    """In how many lists two texts are alike."""
    lists: dict[int, list[str]] = {}
    for row in spoken(judged):
        lists.setdefault(row.list_number, []).append(row.reason.text)
    return sum(len(set(of_list)) < len(of_list) for of_list in lists.values())


def persuading(judged: Sequence[Judged]) -> int:
    """How many texts have a word that persuades; a title may."""
    return sum(bool(_PERSUADES.search(_without_titles(row))) for row in judged)


def _first_of_its_kind(said: Sequence[Judged]) -> list[bool]:
    texts = [row.reason.text for row in said]
    return [text not in texts[:place] for place, text in enumerate(texts)]


def refusals(judged: Sequence[Judged]) -> Rows:
    """Why the model's words are not shown, the commonest first."""
    return list(Counter(row.reason.rejected for row in judged if row.reason.rejected).most_common())


def _is_short(row: Judged) -> bool:
    text = row.reason.text
    if row.language == "en":
        return len(text.split()) <= _LONGEST["en"]
    foreign = re.findall(r"[^\W\u4e00-\u9fff]+", text)
    return len(_IDEOGRAPH.findall(text)) + len(foreign) <= _LONGEST["zh"]


def _sentences(row: Judged) -> int:
    return len(re.findall(r"[.!](?=\s|$)|[。！]", _without_titles(row)))


def _form(row: Judged) -> str:
    """The text without titles, numbers and months."""
    return _NUMBER.sub("…", _without_titles(row))


def _without_titles(row: Judged) -> str:
    """Nor what the catalogue says of the item: a brand may be called Great Value."""
    text = row.reason.text
    cut = (f"{title[:end]}…" for title in row.titles for end in range(len(title), 0, -1))
    for name in sorted({*row.titles, *cut, *row.values}, key=len, reverse=True):
        text = text.replace(name, "…")
    return text


def _spread(values: Sequence[int]) -> str:
    return f"{np.median(values):.0f}, {np.quantile(values, 0.9):.0f}, {max(values)}" if values else "-"
