import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import UserHistory
from retrieval.retrievers.blend.features import Features

Told = Callable[..., Any]


def features_of(
    item_id: str, history: UserHistory, told: Told, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> dict[str, float]:
    """By name; source one says "tea bread", source two "bread nappies"."""
    sources = [told("one", lambda _: "tea bread"), told("two", lambda _: "bread nappies")]
    features = Features(catalogue, vectors, log, ["one", "two"])
    proposals = features.of(history, [source.retrieve(history, 9) for source in sources])
    row = proposals.rows.tolist().index(catalogue.position(item_id))
    assert len(proposals.rows) == 3  # each once
    return dict(zip(features.names, proposals.matrix[row].tolist(), strict=True))


def test_what_is_known_of_a_candidate(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    ben = log.history("ben")  # milk bread, cheddar, bread butter, coffee
    known = features_of("bread", ben, told, catalogue, vectors, log)
    assert known == pytest.approx(
        {
            "one: score": 0.5,
            "one: behind its best": -0.5,
            "one: rank": 2,
            "two: score": 1,
            "two: behind its best": 0,
            "two: rank": 1,
            "sources that propose it": 2,
            "popularity": math.log(5),  # bought four times
            "times in the history": 2,
            "interactions since it was touched": ["coffee", "butter", "bread"].index("bread"),
            "history length": 6,
            "text like the last item": 0,  # coffee is no bakery
            "text like the likest of the last items": 1,
            "text like the last items, mean": 2 / 6,
            "share of its category in the history": 2 / 6,
            "share of its brand in the history": 2 / 6,
            "price against the history's": math.log(2.8) - sum(map(math.log, (2.2, 2.8, 5, 2.8, 3.5, 7))) / 6,
        },
        abs=1e-6,
    )


def bought(log: InteractionLog, item_ids: list[str]) -> UserHistory:
    """One item a day."""
    first = log.history("eva").interactions[0]
    return UserHistory.of(
        "eva",
        [replace(first, item_id=i, timestamp=first.timestamp + timedelta(days=d)) for d, i in enumerate(item_ids)],
    )


@pytest.mark.parametrize(
    ("item_ids", "last", "likest", "share"),
    [
        (["milk", "rolls"], 1, 1, 1 / 2),
        (["rolls", "milk"], 0, 1, 1 / 2),
        (["rolls"] + ["milk"] * 10, 0, 0, 1 / 11),  # text is compared with the last ten
        (["rolls"] + ["milk"] * 50, 0, 0, 0),  # category, brand and price with the last fifty
    ],
)
def test_bread_is_compared_with_the_newest_of_a_history(
    told: Told,
    catalogue: Catalogue,
    vectors: ItemVectors,
    log: InteractionLog,
    item_ids: list[str],
    last: float,
    likest: float,
    share: float,
) -> None:
    known = features_of("bread", bought(log, item_ids), told, catalogue, vectors, log)
    assert known["text like the last item"] == last
    assert known["text like the likest of the last items"] == likest
    assert known["share of its category in the history"] == pytest.approx(share)


def test_what_a_source_did_not_say_is_unknown(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    known = features_of("tea", log.history("ben"), told, catalogue, vectors, log)
    assert known["one: rank"] == 1
    assert math.isnan(known["two: rank"])
    assert known["sources that propose it"] == 1
    assert known["times in the history"] == 0
    assert math.isnan(known["interactions since it was touched"])


def test_without_a_history_all_that_compares_with_it_is_unknown(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    known = features_of("bread", UserHistory(user_id="new"), told, catalogue, vectors, log)
    unknown = {name for name, value in known.items() if math.isnan(value)}
    assert unknown == {name for name in known if "text like" in name or "share of" in name} | {
        "interactions since it was touched",
        "price against the history's",
    }
    assert known["history length"] == 0


def test_an_item_without_a_brand_has_no_share_of_it(
    catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog, told: Told
) -> None:
    dan = log.history("dan")
    features = Features(catalogue, vectors, log, ["one"])
    matrix = features.of(dan, [told("one", lambda _: "biscuits").retrieve(dan, 9)]).matrix
    assert math.isnan(matrix[0, features.names.index("share of its brand in the history")])


def test_where_nobody_proposes_anything_there_are_no_rows(
    catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    features = Features(catalogue, vectors, log, ["one", "two"])
    assert features.of(log.history("ben"), [(), ()]).matrix.shape == (0, len(features.names))
    assert not np.isnan(features.of(log.history("ben"), [(), ()]).matrix).any()
