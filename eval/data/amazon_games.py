"""LLMRank's Amazon Games 2018: 50,546 histories, of which 6,000 are asked about with 20 given candidates."""

from collections.abc import Iterator, Mapping

import numpy as np

from eval.data.base import AmazonGames2018Config, Benchmark, fields, log_in_order, read_lines
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.records import Item
from retrieval.shop import ShopData

NOTICE = "Amazon Games 2018 (Ni et al.; selection by LLMRank, MIT): for research."
_WRONG = 19  # candidates a user beside the right one


def load(config: AmazonGames2018Config) -> Benchmark:
    """A user's last interaction is the target. The catalogue is shuffled: its own numbering follows the histories, so
    that the order of two items of equal score would give the target away.
    """
    rng = np.random.default_rng(config.seed)
    titles = dict(_pairs(config, "Games-6k.item.gz"))
    items = rng.permutation(sorted(titles)).tolist()
    catalogue = Catalogue(Item(item_id=item, title=titles[item]) for item in items)
    histories = {user: [*items.split(), target] for user, items, target in _histories(config)}
    for user, items in histories.items():
        _check_known(user, items, catalogue)
    users = [user for user, items in histories.items() for _ in items]
    log = log_in_order(users, [item for items in histories.values() for item in items])
    shop = ShopData(name=config.kind, catalogue=catalogue, log=log, notice=NOTICE)
    return Benchmark(shop=shop, given=_given(config, {user: items[-1] for user, items in histories.items()}))


def _given(config: AmazonGames2018Config, targets: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The first 19 of LLMRank's random items, none of them the target."""
    given = {}
    for user, items in _pairs(config, "Games-6k.random.gz", header=False):
        if user not in targets:
            raise DatasetError(
                "there are candidates for a user without a history",
                field="user_id",
                value=user,
                remedy="Games-6k.random and Games-6k.test.inter are not of one release; get both again.",
            )
        given[user] = tuple(item for item in items.split() if item != targets[user])[:_WRONG]
    return given


def _check_known(user: str, items: list[str], catalogue: Catalogue) -> None:
    if unknown := [item for item in items if item not in catalogue]:
        raise DatasetError(
            f"the history of user {user!r} holds an item without a title",
            field="item_id",
            value=unknown[0],
            remedy="Games-6k.item and Games-6k.test.inter are not of one release; get both again.",
        )


def _histories(config: AmazonGames2018Config) -> Iterator[tuple[str, str, str]]:
    path = config.folder / "Games-6k.test.inter.gz"
    for number, line in enumerate(read_lines(path)):
        user, items, target = fields(path, line, 3)
        if number:  # the first line is the header
            yield user, items, target


def _pairs(config: AmazonGames2018Config, name: str, *, header: bool = True) -> Iterator[tuple[str, str]]:
    path = config.folder / name
    for number, line in enumerate(read_lines(path)):
        first, second = fields(path, line, 2)
        if number or not header:
            yield first, second
