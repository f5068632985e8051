"""Packed scoring: one forward pass over `[prefix][continuation 1] … [continuation K]` for any number of requests.

A continuation attends to its prefix and to itself only, and its positions start where the prefix ends, so its last
token sees exactly what it would see in a prompt of its own. The mask is never materialised: attention is computed as
(prefix, causal) + (continuations against the prefix) + (each continuation against itself), which is linear in K.
The idea of one sequence for many candidates: "prefix sharing" or "multi-item scoring" in serving engines; here it is
written as an attention function of transformers, so that any decoder model of that library can use it, and train on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from llm_rerank.engines.base import ScoringRequest, raise_if_cancelled
from retrieval.errors import EngineError

_CHUNK_SCORES = {"cpu": 500_000, "cuda": 64_000_000}
"""Attention weights held at once, per layer: few enough for a CPU's cache, enough to keep a GPU busy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Some continuations of one request, padded to the longest of them, C tokens.

    `rows` (n, C) are positions in the pack and `visible` (n, C, C) tells who sees whom. `real` are the places in the
    flattened rows that hold tokens rather than padding, and `real_rows` their positions in the pack.
    """

    rows: torch.Tensor
    visible: torch.Tensor
    real: torch.Tensor
    real_rows: torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One request in the pack: its prefix at [start, stop), then its continuations in chunks."""

    start: int
    stop: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """Requests laid out as one sequence of `N` tokens, ready for a model.

    `input_ids` and `position_ids` have shape (1, N); `last_rows` (sum of K) points at the last token of every
    continuation, request after request. `longest` is the length of the longest prompt that is packed.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    last_rows: torch.Tensor
    segments: tuple[Segment, ...]
    longest: int


def pack(requests: Sequence[ScoringRequest], *, query_heads: int, device: torch.device) -> Pack:
    """Lays the requests out. `query_heads` of the model sets how many continuations one chunk may hold."""
    ids: list[int] = []
    positions: list[int] = []
    last_rows: list[int] = []
    segments: list[Segment] = []
    for request in requests:
        start, width = len(ids), len(request.prefix)
        ids.extend(request.prefix)
        positions.extend(range(width))
        starts: list[int] = []
        for continuation in request.continuations:
            starts.append(len(ids))
            ids.extend(continuation)
            positions.extend(range(width, width + len(continuation)))
            last_rows.append(len(ids) - 1)
        lengths = [len(continuation) for continuation in request.continuations]
        chunks = _chunks(starts, lengths, width, query_heads, device)
        segments.append(Segment(start=start, stop=start + width, chunks=chunks))
    return Pack(
        input_ids=torch.tensor([ids], device=device),
        position_ids=torch.tensor([positions], device=device),
        last_rows=torch.tensor(last_rows, dtype=torch.long, device=device),
        segments=tuple(segments),
        longest=max(positions, default=-1) + 1,
    )


def _chunks(
    starts: list[int], lengths: list[int], prefix: int, query_heads: int, device: torch.device
) -> tuple[Chunk, ...]:
    """Continuations of like length go together, so that little is padded."""
    by_length = sorted(range(len(lengths)), key=lambda i: lengths[i])
    scores_at_once = _CHUNK_SCORES.get(device.type, _CHUNK_SCORES["cuda"])
    chunks: list[Chunk] = []
    while by_length:
        longest = lengths[by_length[-1]]
        size = max(1, scores_at_once // (query_heads * longest * (prefix + longest)))
        group, by_length = by_length[-size:], by_length[:-size]
        first = torch.tensor([starts[i] for i in group], device=device)[:, None]
        length = torch.tensor([lengths[i] for i in group], device=device)[:, None]
        offset = torch.arange(longest, device=device)[None]
        valid = offset < length
        causal = offset[..., None] >= offset[:, None]
        # A padded row points at its continuation's last token and sees what that sees: finite, and thrown away.
        rows = first + torch.minimum(offset, length - 1)
        real = valid.flatten().nonzero().squeeze(1)
        visible = causal & valid[:, None, :]
        chunks.append(Chunk(rows=rows, visible=visible, real=real, real_rows=rows.flatten()[real]))
    return tuple(chunks)


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    packed: Pack,
    cancel: Event | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention interface: query (1, H, N, D), key and value (1, H_kv, N, D) -> (1, N, H, D).

    Raises EngineError for a model whose attention is not plain softmax over all that stands before: its scores would
    be wrong without a sign of it.
    """
    raise_if_cancelled(cancel)  # once a layer
    if softcap is not None or s_aux is not None or (sliding_window or packed.longest) < packed.longest:
        raise EngineError(
            "packed scoring needs plain attention; this model has a sliding window, a soft cap or sinks",
            field="model",
            value=type(module).__name__,
            remedy="Choose a model without them, such as Llama, SmolLM2 or Qwen3",
        )
    q, k, v = query[0] * scaling, key[0], value[0]
    out = torch.empty_like(q)
    for segment in packed.segments:
        own = slice(segment.start, segment.stop)
        out[:, own] = scaled_dot_product_attention(
            q[None, :, own], k[None, :, own], v[None, :, own], is_causal=True, scale=1.0, enable_gqa=True
        )[0]
        for chunk in segment.chunks:
            attended = _attend(q, k, v, own, chunk)
            out[:, chunk.real_rows] = attended.flatten(1, 2)[:, chunk.real]
    return out.transpose(0, 1)[None], None


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, prefix: slice, chunk: Chunk) -> torch.Tensor:
    """Continuations of one chunk against the prefix and themselves under one softmax: (H, n, C, D)."""
    heads, kv_heads, (n, length) = q.shape[0], k.shape[0], chunk.rows.shape
    group = heads // kv_heads  # query heads that share a key head
    queries = q[:, chunk.rows].view(kv_heads, group, n, length, -1)
    keys, values = (x[:, chunk.rows].unsqueeze(1) for x in (k, v))
    to_prefix = queries.reshape(kv_heads, group * n * length, -1) @ k[:, prefix].transpose(1, 2)
    to_itself = (queries @ keys.transpose(-1, -2)).masked_fill(~chunk.visible, float("-inf"))
    width = to_prefix.shape[-1]
    logits = torch.cat([to_prefix, to_itself.reshape(kv_heads, group * n * length, length)], dim=-1)
    weights = torch.softmax(logits, dim=-1, dtype=torch.float32).to(q.dtype)
    from_prefix = (weights[..., :width] @ v[:, prefix]).view_as(queries)
    from_itself = weights[..., width:].view_as(to_itself) @ values
    return (from_prefix + from_itself).reshape(heads, n, length, -1)
