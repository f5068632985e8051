"""Requests as one sequence of tokens: who shares a prefix, where each piece lies, and who may see what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.tokenizer import TokenIds

Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """Requests that share a prefix: it lies at [start, stop), their continuations, one after the other, behind it.

    Continuation i is `lengths[i]` tokens from `starts[i]` on; it sees itself and the first `seen[i]` of the prefix.
    """

    start: int
    stop: int
    starts: Numbers
    lengths: Numbers
    seen: Numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """`ids` and `positions` have shape (N,); `last_rows` (sum of K,) are the continuations' last tokens."""

    ids: Numbers
    positions: Numbers
    last_rows: Numbers
    segments: tuple[Segment, ...]


def lay_out(requests: Sequence[ScoringRequest]) -> Layout:
    """Neighbours share a prefix where one's is the start of the other's; a request's tokens keep its own positions."""
    ids: list[int] = []
    firsts: list[int] = []  # the position that every piece begins at
    lengths: list[int] = []
    segments: list[Segment] = []
    for prefix, group in _sharing(requests):
        start = len(ids)
        ids.extend(prefix)
        seen = [len(request.prefix) for request in group for _ in request.continuations]
        widths = [len(continuation) for request in group for continuation in request.continuations]
        for request in group:
            for continuation in request.continuations:
                ids.extend(continuation)
        firsts += [0, *seen]
        lengths += [len(prefix), *widths]
        stop = start + len(prefix)
        own = np.array(widths, dtype=np.int64)
        segments.append(
            Segment(
                start=start,
                stop=stop,
                starts=stop + np.cumsum(own) - own,
                lengths=own,
                seen=np.array(seen, dtype=np.int64),
            )
        )
    width = np.array(lengths, dtype=np.int64)
    begins = np.cumsum(width) - width
    return Layout(
        ids=np.array(ids, dtype=np.int64),
        positions=np.arange(len(ids)) - np.repeat(begins - np.array(firsts, dtype=np.int64), width),
        last_rows=np.concatenate([np.empty(0, dtype=np.int64), *(s.starts + s.lengths - 1 for s in segments)]),
        segments=tuple(segments),
    )


def passes(requests: Sequence[ScoringRequest], tokens: int) -> tuple[tuple[ScoringRequest, ...], ...]:
    """Neighbours that together have at most so many tokens, shared prefixes counted once; one at least."""
    done: list[tuple[ScoringRequest, ...]] = []
    group: list[ScoringRequest] = []
    longest: TokenIds = ()
    used = 0
    for request in requests:
        own = request.tokens - len(request.prefix)
        shared = len(longest) if _share(longest, request.prefix) else 0
        more = own + max(0, len(request.prefix) - shared)
        if group and used + more > tokens:
            done.append(tuple(group))
            group, used, shared, more = [], 0, 0, request.tokens
        group.append(request)
        longest = max(longest, request.prefix, key=len) if shared else request.prefix
        used += more
    return (*done, tuple(group)) if group else tuple(done)


def _share(one: TokenIds, other: TokenIds) -> bool:
    """Whether one is the start of the other."""
    common = min(len(one), len(other))
    return one[:common] == other[:common]


def _sharing(requests: Sequence[ScoringRequest]) -> Iterator[tuple[TokenIds, list[ScoringRequest]]]:
    """Neighbours that share, and the longest of their prefixes."""
    longest: TokenIds = ()
    group: list[ScoringRequest] = []
    for request in requests:
        if group and not _share(longest, request.prefix):
            yield longest, group
            longest, group = (), []
        group.append(request)
        longest = max(longest, request.prefix, key=len)
    if group:
        yield longest, group
