"""Packed attention for a GPU: one FlexAttention kernel over the whole pack (Dong et al. 2024), blocks without a visible
pair skipped."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from llm_rerank.engines.layout import Numbers, Segment

_SHORTEST: Final = 1024
_STEP: Final = 8192
_BLOCK: Final = 128
_LENGTHS: Final = 64  # compiled kernels that are kept; torch's own limit, 8, would fall back to the uncompiled one


def padded_length(tokens: int) -> int:
    """A power of two or, from 8,192 on, a multiple of that: for every length the kernel is compiled anew."""
    if tokens > _STEP:
        return -(-tokens // _STEP) * _STEP
    return max(_SHORTEST, 1 << max(0, tokens - 1).bit_length())


def block_mask(segments: Sequence[Segment], length: int, device: torch.device) -> BlockMask:
    """Who sees whom in a pack of `length` tokens, its padding included, which sees itself alone.

    What a token sees are two ranges: some first tokens of its prefix, and from the start of its own piece to itself.
    """
    ranges = _ranges(segments, length)
    blocks = _visible_blocks(ranges, length)
    counts = blocks.sum(axis=1)
    order = np.argsort(~blocks, axis=1, kind="stable")
    first, stop, own = (_on(device, of) for of in ranges)

    def visible(batch: Any, head: Any, query: Any, key: Any) -> Any:
        in_prefix = (key >= first[query]) & (key < stop[query])
        return in_prefix | ((key >= own[query]) & (key <= query))

    return BlockMask.from_kv_blocks(
        _on(device, counts)[None, None],
        _on(device, order)[None, None],
        BLOCK_SIZE=_BLOCK,
        mask_mod=visible,
        seq_lengths=(length, length),
    )


def attend_flex(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: BlockMask) -> torch.Tensor:
    """`q` (H, N, D), scaled; `k` and `v` (H_kv, N, D) -> (H, N, D)."""
    kernel = _compiled() if q.is_cuda else flex_attention
    attended: torch.Tensor = kernel(
        q[None], k[None].to(q.dtype), v[None].to(q.dtype), block_mask=mask, scale=1.0, enable_gqa=True
    )[0]
    return attended


@cache
def _compiled() -> Any:
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _LENGTHS)
    return torch.compile(flex_attention, dynamic=False)


def _ranges(segments: Sequence[Segment], length: int) -> tuple[Numbers, Numbers, Numbers]:
    """For every token the first and the stop of the prefix that it sees, and the start of its own piece."""
    own = np.arange(length)
    first, stop = own.copy(), own.copy()  # padding: nothing but itself
    for segment in segments:
        prefix = slice(segment.start, segment.stop)
        first[prefix] = segment.start
        behind = slice(segment.stop, segment.stop + int(segment.lengths.sum()))
        first[behind] = segment.start
        stop[behind] = segment.start + np.repeat(segment.seen, segment.lengths)
        own[behind] = np.repeat(segment.starts, segment.lengths)
    return first, stop, own


def _visible_blocks(ranges: tuple[Numbers, Numbers, Numbers], length: int) -> NDArray[np.bool_]:
    """Whether any token of a block of queries (row) sees any of a block of keys (column)."""
    first, stop, own = ranges
    tokens, count = np.arange(length), length // _BLOCK
    rows = tokens // _BLOCK
    edges = np.zeros((count, count + 1), dtype=np.int64)
    some = stop > first
    for row, low, high in ((rows[some], first[some], stop[some] - 1), (rows, own, tokens)):
        np.add.at(edges, (row, low // _BLOCK), 1)
        np.add.at(edges, (row, high // _BLOCK + 1), -1)
    return np.cumsum(edges[:, :-1], axis=1) > 0


def _on(device: torch.device, numbers: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(numbers.astype(np.int32)).to(device)
