"""Packed scoring: one forward pass over `[prefix][continuation 1] … [continuation K]` for any number of requests.

A continuation attends to its prefix and to itself only, and its positions start where the prefix ends, so its last
token sees exactly what it would see in a prompt of its own. Neighbours whose prefixes start alike share the longest of
them: in training, moments of one history, where each only adds to the one before.
The idea of one sequence for many candidates: "prefix sharing" or "multi-item scoring" in serving engines; here it is
written as an attention function of transformers, so that any decoder model of that library can use it, and train on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import torch
from torch.nn.attention.flex_attention import BlockMask

from llm_rerank.engines.base import ScoringRequest, raise_if_cancelled
from llm_rerank.engines.chunked import Chunks, attend_in_chunks, in_chunks
from llm_rerank.engines.flex import attend_flex, block_mask, padded_length
from llm_rerank.engines.layout import Numbers, lay_out
from retrieval.errors import EngineError


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """Requests laid out as one sequence of `N` tokens, ready for a model.

    `input_ids` and `position_ids` have shape (1, N); `last_rows` (sum of K) points at the last token of every
    continuation, request after request. `longest` is the length of the longest prompt that is packed; `visible` says
    who sees whom, in chunks on a CPU, as a mask on a GPU.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    last_rows: torch.Tensor
    longest: int
    visible: tuple[Chunks, ...] | BlockMask


def pack(requests: Sequence[ScoringRequest], *, query_heads: int, device: torch.device) -> Pack:
    """Lays the requests out. `query_heads` of the model sets how much of a pack a CPU computes at once."""
    layout = lay_out(requests)
    on_cpu = device.type == "cpu"
    length = len(layout.ids) if on_cpu else padded_length(len(layout.ids))
    visible = (
        in_chunks(layout.segments, query_heads=query_heads) if on_cpu else block_mask(layout.segments, length, device)
    )
    return Pack(
        input_ids=_padded(layout.ids, length, device),
        position_ids=_padded(layout.positions, length, device),
        last_rows=torch.from_numpy(layout.last_rows).to(device),
        longest=int(layout.positions.max(initial=-1)) + 1,
        visible=visible,
    )


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
    if isinstance(packed.visible, BlockMask):
        attended = attend_flex(q, k, v, packed.visible)
    else:
        attended = attend_in_chunks(q, k, v, packed.visible)
    return attended.transpose(0, 1)[None], None


def _padded(numbers: Numbers, length: int, device: torch.device) -> torch.Tensor:
    """Shape (1, length), zeros behind."""
    return torch.from_numpy(np.pad(numbers, (0, length - len(numbers)))[None]).to(device)
