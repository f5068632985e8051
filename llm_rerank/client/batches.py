"""Interactions in batches that the service takes."""

from collections.abc import Iterable, Iterator
from typing import Final

from llm_rerank.wire.interactions import KeyedInteractionIn

_BYTES: Final = 1_000_000  # a quarter of what a service takes in one request, where nobody configured another limit


def batches(interactions: Iterable[KeyedInteractionIn], most: int) -> Iterator[list[KeyedInteractionIn]]:
    """So many in each at most, and fewer where their texts are long. No more is read than the next batch needs."""
    batch: list[KeyedInteractionIn] = []
    size = 0
    for one in interactions:
        length = len(one.model_dump_json().encode())
        if batch and (len(batch) >= most or size + length > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch
