"""Packed attention for a CPU: chunk by chunk, without a mask over the whole pack, linear in K.

Attention is computed as (prefix, causal) + (continuations against the prefix) + (each continuation against itself).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from llm_rerank.engines.layout import Segment

_CHUNK_SCORES: Final = 500_000
"""Attention weights held at once, per layer: few enough for a CPU's cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Some continuations of one segment that see the same of its prefix, padded to the longest of them, C tokens.

    `prefix` is what they see. `rows` (n, C) are positions in the pack and `visible` (n, C, C) tells who sees whom.
    `real` are the places in the flattened rows that hold tokens rather than padding, `real_rows` their positions.
    """

    prefix: slice
    rows: torch.Tensor
    visible: torch.Tensor
    real: torch.Tensor
    real_rows: torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunks:
    """One segment: its prefix, and its continuations."""

    prefix: slice
    chunks: tuple[Chunk, ...]


def in_chunks(segments: Sequence[Segment], *, query_heads: int) -> tuple[Chunks, ...]:
    """`query_heads` of the model sets how many continuations one chunk may hold."""
    return tuple(
        Chunks(prefix=slice(segment.start, segment.stop), chunks=tuple(_chunks(segment, query_heads)))
        for segment in segments
    )


def _chunks(segment: Segment, query_heads: int) -> Iterator[Chunk]:
    """Continuations of like length go together, so that little is padded."""
    for seen in np.unique(segment.seen):
        alike = np.flatnonzero(segment.seen == seen)
        by_length = alike[np.argsort(segment.lengths[alike], kind="stable")]
        while len(by_length):
            longest = int(segment.lengths[by_length[-1]])
            size = max(1, _CHUNK_SCORES // (query_heads * longest * (int(seen) + longest)))
            group, by_length = by_length[-size:], by_length[:-size]
            first, length = (torch.from_numpy(of[group])[:, None] for of in (segment.starts, segment.lengths))
            offset = torch.arange(longest)[None]
            valid = offset < length
            # A padded row points at its continuation's last token and sees what that sees: finite, and thrown away.
            rows = first + torch.minimum(offset, length - 1)
            real = valid.flatten().nonzero().squeeze(1)
            yield Chunk(
                prefix=slice(segment.start, segment.start + int(seen)),
                rows=rows,
                visible=(offset[..., None] >= offset[:, None]) & valid[:, None, :],
                real=real,
                real_rows=rows.flatten()[real],
            )


def attend_in_chunks(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, layout: Sequence[Chunks]) -> torch.Tensor:
    """`q` (H, N, D), scaled; `k` and `v` (H_kv, N, D) -> (H, N, D)."""
    out = torch.empty_like(q)
    for segment in layout:
        own = segment.prefix
        out[:, own] = scaled_dot_product_attention(
            q[None, :, own], k[None, :, own], v[None, :, own], is_causal=True, scale=1.0, enable_gqa=True
        )[0]
        for chunk in segment.chunks:
            attended = _attend(q, k, v, chunk)
            out[:, chunk.real_rows] = attended.flatten(1, 2)[:, chunk.real]
    return out


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, chunk: Chunk) -> torch.Tensor:
    """Continuations of one chunk against the prefix and themselves under one softmax: (H, n, C, D)."""
    heads, kv_heads, (n, length) = q.shape[0], k.shape[0], chunk.rows.shape
    group = heads // kv_heads  # query heads that share a key head
    queries = q[:, chunk.rows].view(kv_heads, group, n, length, -1)
    keys, values = (x[:, chunk.rows].unsqueeze(1) for x in (k, v))
    to_prefix = queries.reshape(kv_heads, group * n * length, -1) @ k[:, chunk.prefix].transpose(1, 2)
    to_itself = (queries @ keys.transpose(-1, -2)).masked_fill(~chunk.visible, float("-inf"))
    width = to_prefix.shape[-1]
    logits = torch.cat([to_prefix, to_itself.reshape(kv_heads, group * n * length, length)], dim=-1)
    weights = torch.softmax(logits, dim=-1, dtype=torch.float32).to(q.dtype)
    from_prefix = (weights[..., :width] @ v[:, chunk.prefix]).view_as(queries)
    from_itself = weights[..., width:].view_as(to_itself) @ values
    return (from_prefix + from_itself).reshape(heads, n, length, -1)
