"""Words an explanation may use without a fact behind them: they claim nothing about an item or a person.

Left out on purpose: praise ("perfect"), traits ("you love"), habits ("often"), negation, and every relation between
items ("goes well with") but the one the catalogue can prove, a shared category.
"""

from typing import Final

from retrieval.records import InteractionKind

_ACTS: Final[dict[InteractionKind, str]] = {
    "purchase": "bought buy buying purchased purchase purchasing ordered order",
    "rating": "rated rate",
    "view": "viewed view looked",
    "search": "searched",
}
ACTS: Final[dict[str, InteractionKind]] = {word: kind for kind, words in _ACTS.items() for word in words.split()}
"""Words that tell of an act: a clause with one must name what was cited, and that must have been done to it."""

PAST: Final = frozenset("had have has you've we've been past last before after history list".split())
"""Words that place an item in the user's past without an act."""

PROPOSING: Final = frozenset(
    "suggest suggested suggestion suggesting recommend recommended recommendation recommending here here's".split()
)
"""A clause about the suggestion needs one: else it may continue the list of what was bought."""

NUMBER_WORDS: Final = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5}

MONTHS: Final = {
    month: number
    for number, month in enumerate(
        "january february march april may june july august september october november december".split(), start=1
    )
}

ORDINARY: Final = (
    ACTS.keys()
    | PAST
    | PROPOSING
    | NUMBER_WORDS.keys()
    | MONTHS.keys()
    | frozenset(
        """a an the this that these those it its it's is are was were be you your us we and or so because since as also
        too with of for from to in on at by when which why that's item items product products shop time
        times might could reason""".split()
    )
)

CATEGORY_WORDS: Final = frozenset("category kind type".split())

SAME_CATEGORY: Final = CATEGORY_WORDS | frozenset("same similar both another other".split())
"""Allowed where every cited item shares the suggestion's category."""

ACTS_ZH: Final[dict[str, InteractionKind]] = {"买": "purchase", "看过": "view", "评价": "rating", "搜索": "search"}

PAST_ZH: Final = ("过", "曾经", "之前", "以前", "历史", "记录", "最近")

PROPOSING_ZH: Final = ("推荐", "建议", "评分")

ORDINARY_ZH: Final = tuple(
    """您 你 的 了 过 和 与 还 也 在 为 给 因为 所以 因此 由于 最近一次 最近 是 曾经 之前 以前 推荐 建议 这
    这款 这个 该 它 商品 产品 购买过 购买 买过 买 看过 评价过 评价 搜索过 搜索 历史 记录 根据 我们 向 提高 模型 对 评分
    """.split()
)
