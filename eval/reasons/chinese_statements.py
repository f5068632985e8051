"""Statements of a Chinese reason, likewise: what was done, how often, when, and what the catalogue says."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from eval.reasons.statements import Statement, fields_of, masked, times_of, told
from retrieval.records import Item, UserHistory

_KINDS: Final = {"买过": "purchase", "购买过": "purchase", "看过": "view", "评价过": "rating", "搜索过": "search"}
_DATE: Final = r"(?P<year>\d{4})年(?P<month>\d+)月(?P<day>\d+)日"
_DID: Final = re.compile(rf"(?P<act>{'|'.join(_KINDS)})(?:“?⟦(?P<title>\d+)⟧”?|这款商品|它)(?:(?P<count>\d+)次)?")
_BEFORE: Final = re.compile(rf"在{_DATE}$")
_LAST: Final = re.compile(rf"^，最近一次是{_DATE}")
_KNOWN: Final = re.compile(r"我只了解您的(?P<count>\d+)条记录")
_NAMES: Final = {"类别": "category", "品牌": "brand", "价格": "price"}
_LISTED: Final = re.compile(r"(?:⟧”?|这款商品|它)的(?P<first>[^。]+?)。")
_SAID: Final = re.compile(r"(?P<name>[^，。]+?)(?P<also>也)?(?:是(?P<value>.+)|相同)")


def chinese_statements(
    text: str, item: Item, cited: Sequence[Item], history: UserHistory, against: Sequence[Item] = ()
) -> Iterator[Statement]:
    """What is read in a text about an item that cites others, and names what speaks `against` it."""
    items = (item, *cited, *against)
    titles = sorted({told(each.title) for each in items}, key=len, reverse=True)
    read = masked(text, titles)
    for found in _DID.finditer(read):
        title = told(item.title) if found["title"] is None else titles[int(found["title"])]
        acted = [each for each in items if told(each.title) == title]
        yield from _of_act(found, read, acted, history)
    for found in _KNOWN.finditer(read):
        yield Statement(words=found[0], true=len(history.interactions) == int(found["count"]))
    others = [each for each in cited if each != item and told(each.title) in text]
    for found in _LISTED.finditer(text.replace(told(item.title), "⟧")):
        yield from _of_catalogue(found["first"], item, others)


def _of_act(found: re.Match[str], read: str, acted: Sequence[Item], history: UserHistory) -> Iterator[Statement]:
    """That it was done, and how often and when where that is told."""
    of_items = [[i for i in history.interactions if i.item_id == each.item_id] for each in acted]
    did = any(i.kind == _KINDS[found["act"]] for done in of_items for i in done)
    yield Statement(words=found[0], true=did)
    if found["count"]:
        yield Statement(words=found[0], true=any(times_of(each, history) == int(found["count"]) for each in acted))
    for when in (_BEFORE.search(read[: found.start()]), _LAST.search(read[found.end() :])):
        if when is not None:
            day = date(int(when["year"]), int(when["month"]), int(when["day"]))
            true = any(done[-1].timestamp.date() == day for done in of_items if done)
            yield Statement(words=when[0], true=true)


def _of_catalogue(said: str, item: Item, others: Sequence[Item]) -> Iterator[Statement]:
    """One or two things that the item is listed with; with "also" all that is cited must be too."""
    for part in said.split("，"):
        if (found := _SAID.fullmatch(part)) is None:
            continue
        name = _NAMES.get(found["name"], found["name"])
        values = {fields_of(each).get(name, "") for each in (item, *(others if found["also"] else ()))}
        alike = len(values) == 1 and "" not in values
        yield Statement(words=part, true=alike and (found["value"] is None or {found["value"]} == values))
