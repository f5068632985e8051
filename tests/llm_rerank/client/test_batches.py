from collections.abc import Iterator

import pytest

from llm_rerank.client import InvalidRequestError
from llm_rerank.client.batches import batches
from llm_rerank.wire.interactions import KeyedInteractionIn
from llm_rerank.wire.items import ItemIn

READ: list[int] = []


def many(count: int, text: str = "") -> Iterator[KeyedInteractionIn]:
    READ.clear()
    for number in range(count):
        READ.append(number)
        yield KeyedInteractionIn(user_id="anna", item_id=str(number), text=text)


def test_all_in_their_order() -> None:
    found = list(batches(many(7), 3))
    assert [[one.item_id for one in batch] for batch in found] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert list(batches(many(0), 3)) == []
    with pytest.raises(InvalidRequestError, match="batch_size: 0 is less than 1"):
        list(batches(many(2), 0))


def test_no_more_is_read_than_is_sent() -> None:
    one_by_one = batches(many(1_000_000), 100)
    next(one_by_one)
    next(one_by_one)
    assert len(READ) == 201


def test_things_of_any_kind() -> None:
    items = [ItemIn(item_id=str(number), title="Tea") for number in range(3)]
    assert list(batches(items, 2)) == [items[:2], items[2:]]


def test_long_texts_come_in_smaller_batches() -> None:
    found = [len(batch) for batch in batches(many(100, "買" * 10_000), 1000)]
    assert sum(found) == 100
    assert max(found) == 33  # three bytes a character, a million bytes a batch
