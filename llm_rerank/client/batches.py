"""What is sent in batches that the service takes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from llm_rerank.client.errors import InvalidRequestError
from llm_rerank.client.translation import checked

_BYTES: Final = 1_000_000  # a quarter of what a service takes in one request, where nobody configured another limit
One = TypeVar("One", bound=BaseModel)


def read(kind: type[One], things: Iterable[One | Mapping[str, Any]]) -> Iterator[One]:
    """Each as what it is, dicts too; raises InvalidRequestError for one that the service would refuse."""
    for thing in things:
        with checked():
            one = kind.model_validate(thing)
        yield one


def batches(things: Iterable[One], most: int) -> Iterator[list[One]]:
    """So many in each at most, and fewer where their texts are long. No more is read than the next batch needs.

    Raises InvalidRequestError where none may be in one.
    """
    if most < 1:
        raise InvalidRequestError(f"batch_size: {most} is less than 1", param="batch_size")
    batch: list[One] = []
    size = 0
    for one in things:
        length = len(one.model_dump_json().encode())
        if batch and (len(batch) >= most or size + length > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch
