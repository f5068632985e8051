"""What facts allow to be said in Chinese. Every text names a cited act, or says that there is none."""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Final

from llm_rerank.explanations.attributes import Attribute, details_of, shared
from llm_rerank.explanations.facts import CitedAct, Facts, cited_together
from llm_rerank.explanations.names import any_of, names_in
from llm_rerank.explanations.phrases import Exactly, Phrase, maybe, one_of, row
from retrieval.records import InteractionKind

_VERBS: Final[dict[InteractionKind, Phrase]] = {
    "purchase": one_of("买过", "购买过"),
    "view": one_of("看过"),
    "rating": one_of("评价过"),
    "search": one_of("搜索过"),
}
_NAMES: Final = {"category": "类别", "brand": "品牌", "price": "价格"}
_YOU: Final = one_of("您", understood=("您曾", "您曾经"))
_END: Final = one_of("。", understood=("！",))


class _Cited:
    """An act in words; `own` where what is cited is what is suggested."""

    def __init__(self, act: CitedAct, names: tuple[str, ...], *, own: bool) -> None:
        title = any_of(names, "“”")
        self.own = own
        self.item = act.item
        self.name = one_of(title, "这款商品", understood=("它",)) if own else title
        day = f"{act.last.year}年{act.last.month}月{act.last.day}日"
        often = one_of("", f"{act.times}次") if act.times > 1 else one_of("", understood=("1次",))
        latest = f"，最近一次是{day}"
        before = maybe(f"在{day}") if act.times == 1 else one_of("")
        after = maybe(latest) if act.times > 1 else one_of("", understood=(latest,))
        self.done = row(before, _VERBS[act.kind], self.name, often, after)


class _Suggested:
    """The item that is explained, in words."""

    def __init__(self, facts: Facts, names: tuple[str, ...]) -> None:
        self.item = facts.item
        self.title = any_of(names, "“”")
        self.name = one_of(self.title, "它", "这款商品")
        self.opening = one_of(self.title, "这款商品")
        self.details = details_of(facts.item)


def chinese(facts: Facts, acts: Sequence[CitedAct]) -> Phrase:
    """「您买过“甲”2次，还买过“乙”。“丙”也属于乳品类别。」 and its variants, which cite one or two of these acts."""
    names = names_in(facts)
    item = _Suggested(facts, names.suggestion)
    if not facts.acts:
        return _without_acts(item)
    own = facts.item.item_id
    named = zip(facts.acts, names.cited, strict=True)
    cited = [_Cited(a, called, own=a.item.item_id == own) for a, called in named if a in acts]
    return one_of(*(_with(acts, item) for count in (1, 2) for acts in permutations(cited, count)))


def chinese_proposals(facts: Facts) -> Phrase:
    """「我们推荐“丙”。」"""
    return _proposal(_Suggested(facts, names_in(facts).suggestion))


def chinese_seconds(facts: Facts) -> Phrase:
    """What may stand after the sentence about what was done."""
    item = _Suggested(facts, names_in(facts).suggestion)
    common = [shared(item.item, *(act.item for act in acts)) for acts in cited_together(facts)]
    also = [_also(item, attribute) for alike in common for attribute in alike]
    return one_of(_proposal(item), *_about(item), *also)


def called(attribute: Attribute) -> str:
    """Its name."""
    return _NAMES.get(attribute.name, attribute.name)


def _without_acts(item: _Suggested) -> Phrase:
    nothing = row("在试过的历史记录中，没有哪一项提高了模型对", item.name, "的评分", _END)
    return one_of(nothing, *(one_of(row(nothing, each), row(each, nothing)) for each in _about(item)))


def _with(acts: Sequence[_Cited], item: _Suggested) -> Phrase:
    """A sentence or two that cite just these acts."""
    alike = () if any(cited.own for cited in acts) else shared(item.item, *(cited.item for cited in acts))
    also = [one_of(*(_also(item, attribute) for attribute in alike))] if alike else []
    done = row(
        _YOU, acts[0].done, *(row(one_of("，还", "，也", understood=("还", "也")), act.done) for act in acts[1:])
    )
    raised = row(done, "，这提高了模型对", item.name, "的评分")
    return row(one_of(done, raised), _END, one_of("", _proposal(item), *_about(item), *also))


def _proposal(item: _Suggested) -> Phrase:
    return row(one_of("推荐", "我们推荐", "为您推荐", understood=("我们为您推荐",)), item.title, _END)


def _also(item: _Suggested, attribute: Attribute) -> Phrase:
    """What the item has in common with all that the sentence before it cites."""
    if not attribute.tells:
        return row(item.opening, "的", Exactly(called(attribute)), "也相同", _END)
    return row(item.opening, "的", Exactly(called(attribute)), "也是", Exactly(attribute.value), _END)


def _about(item: _Suggested) -> tuple[Phrase, ...]:
    """What the catalogue says of the item; nothing where its title says it all."""
    listed = [row(Exactly(called(attribute)), "是", Exactly(attribute.value)) for attribute in item.details]
    pairs = [row(one, "，", other) for one, other in combinations(listed, 2)]
    return (row(item.opening, "的", one_of(*listed, *pairs), _END),) if listed else ()
