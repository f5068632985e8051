"""Words an explanation may use without a fact behind them: they claim nothing about an item or a person.

Left out on purpose: praise ("perfect"), traits ("you love"), habits ("often"), negation, and every relation between
items ("goes well with") but the one the catalogue can prove, a shared category.
"""

from typing import Final

ACTS: Final = frozenset(
    """bought buy buying purchased purchase purchasing ordered order rated rate viewed view watched looked searched
    """.split()
)
"""Words that tell of an act: a clause with one must name what was cited."""

NUMBER_WORDS: Final = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5}

ORDINARY: Final = (
    ACTS
    | frozenset(NUMBER_WORDS)
    | frozenset(
        """a an the this that these those it its it's is are was were be been has have had you your you've we us we've
        and or so because since as also too with of for from to in on at by after before when which why that's item
        items product products history list shop last time times suggest suggested suggestion suggesting recommend
        recommended recommendation recommending here here's may might could past reason january february
        march april june july august september october november december""".split()
    )
)

SAME_CATEGORY: Final = frozenset("same similar category kind type like both another other".split())
"""Allowed where every cited item shares the suggestion's category."""

ACTS_ZH: Final = ("买", "看过", "评价", "搜索")

ORDINARY_ZH: Final = tuple(
    sorted(
        """您 你 的 了 过 和 与 还 也 在 为 给 因为 所以 因此 由于 最近 一次 是 曾经 之前 以前 推荐 建议
        这 这款 这个 该 它 商品 产品 购买过 购买 买过 买 看过 评价过 评价 搜索过 搜索
        历史 记录 根据 我们 向 提高 得分""".split(),
        key=len,
        reverse=True,
    )
)
"""Longest first, so that a word is taken out before its parts."""
