"""The transformers engine: packed scoring in one forward pass, batched streaming generation. The default on a CPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear
from transformers import AttentionInterface, PreTrainedModel

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.generation import generate
from llm_rerank.engines.layout import passes
from llm_rerank.engines.loading import first_line, read_model, share_what_is_equal
from llm_rerank.engines.packing import pack, packed_attention
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import EngineError, LlmRerankError, ModelError

AttentionInterface.register("packed", packed_attention)

_TEXTS_AT_ONCE: Final = 16
"""Bounds the memory of generation: every text has a cache of its own."""
_PROBE: Final = ScoringRequest(
    prefix=tuple(range(10, 18)), continuations=(tuple(range(20, 24)), tuple(range(30, 34))), labels=tuple(range(40, 48))
)


class TransformersEngine:
    """One causal language model in this process."""

    name = "transformers"

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: Tokenizer,
        *,
        writer: PreTrainedModel | None = None,
        tokens_per_pass: int = 4096,
    ) -> None:
        """`writer` is the same model with other weights, to generate with; none: `model` does both.

        `tokens_per_pass` bounds how many requests share a forward pass; one request is never split.
        """
        self._model = model.eval()
        self._writer = self._model if writer is None else writer.eval()
        self._tokenizer = tokenizer
        self._tokens_per_pass = tokens_per_pass
        self._one_at_a_time = Lock()  # the attention in use is the model's state

    @classmethod
    def load(
        cls,
        folder: Path,
        tokenizer: Tokenizer,
        *,
        adapter: Path | None = None,
        writer_adapter: Path | None = None,
        device: str | None = None,
    ) -> "TransformersEngine":
        """Loads prepared weights: float32 on a CPU (bfloat16 is unusably slow there), bfloat16 on CUDA.

        An adapter's are added to them: beside them it would more than double a CPU's time. One that generates has the
        weights that it changes a second time; what neither adapter changes is there once.
        """
        try:
            where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            dtype = torch.float32 if where.type == "cpu" else torch.bfloat16
            model = read_model(folder, adapter).to(where, dtype)
            writer = None if writer_adapter is None else read_model(folder, writer_adapter).to(where, dtype)
        except LlmRerankError:
            raise
        except Exception as err:  # the loader raises anything from OSError to SafetensorError
            raise ModelError(
                f"the model cannot be loaded on {device or 'the default device'} ({first_line(err)})",
                field="model",
                value=str(folder),
                remedy="Correct engine.device, delete the folder so that it is prepared again, or name another model",
            ) from err
        if writer is not None:
            share_what_is_equal(model, writer)
        tokens_per_pass = 4096 if where.type == "cpu" else 32768
        engine = cls(model, tokenizer, writer=writer, tokens_per_pass=tokens_per_pass)
        engine.require_packing()
        return engine

    def require_packing(self) -> None:
        """Raises ModelError for a model that cannot be packed: one with layers that are not attention, say.

        Such layers would let candidates see each other, and nothing else would show it. So a packed candidate behind
        another one is scored once and compared with a prompt of its own.
        """
        _, other = _PROBE.continuations
        packed = torch.from_numpy(self.score([_PROBE])[0][1])
        with self._attention(self._model, "sdpa"), torch.inference_mode():
            prompt = torch.tensor([[*_PROBE.prefix, *other]], device=self._model.device)
            plain = self._model(input_ids=prompt, use_cache=False, logits_to_keep=1).logits[0, -1, list(_PROBE.labels)]
        plain = plain.float().cpu()
        apart = ((packed - packed.mean()) - (plain - plain.mean())).abs().max()
        close = 1e-3 if self._model.dtype == torch.float32 else 0.02
        if not apart <= close * max(1.0, float(plain.abs().max())):
            raise ModelError(
                f"packed scores of this model differ from those of a prompt of its own by {apart:.3g}",
                field="model",
                value=type(self._model).__name__,
                remedy="Choose a model of plain attention layers, such as Llama, SmolLM2 or Qwen3",
            )

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: several users' requests share a forward pass where they fit."""
        for request in requests:
            self._check_length(len(request.prefix) + max(map(len, request.continuations), default=0))
        scores: list[NDArray[np.float32]] = []
        for batch in passes(requests, self._tokens_per_pass):
            raise_if_cancelled(cancel)
            scores.extend(self._score_batch(batch, cancel))
        return tuple(scores)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate: one token a step for each of the texts, _TEXTS_AT_ONCE of them side by side."""
        for request in requests:
            self._check_length(len(request.prompt) + request.max_tokens)
        return self._generate(requests, cancel)

    def _generate(self, requests: Sequence[GenerationRequest], cancel: Event | None) -> Iterator[GeneratedPiece]:
        for start in range(0, len(requests), _TEXTS_AT_ONCE):
            batch = requests[start : start + _TEXTS_AT_ONCE]
            in_use = partial(self._attention, self._writer, "sdpa")
            for piece in generate(self._writer, self._tokenizer, batch, in_use, cancel):
                yield replace(piece, index=start + piece.index)

    def _score_batch(self, batch: Sequence[ScoringRequest], cancel: Event | None) -> list[NDArray[np.float32]]:
        packed = pack(batch, query_heads=self._model.config.num_attention_heads, device=self._model.device)
        if not len(packed.last_rows):
            return [np.empty((0, len(request.labels)), dtype=np.float32) for request in batch]
        with self._attention(self._model, "packed"), torch.inference_mode():
            hidden = self._model.base_model(
                input_ids=packed.input_ids,
                position_ids=packed.position_ids,
                use_cache=False,
                packed=packed,
                cancel=cancel,
            )[0][0, packed.last_rows]
            of_request = torch.split(hidden, [len(request.continuations) for request in batch])
            return [self._read(rows, request) for rows, request in zip(of_request, batch, strict=True)]

    def _read(self, hidden: torch.Tensor, request: ScoringRequest) -> NDArray[np.float32]:
        """Logits (K, L) of the labels alone, in float32: in bfloat16 they would be rounded by more than an effect."""
        head, labels = self._model.get_output_embeddings(), list(request.labels)
        bias = None if getattr(head, "bias", None) is None else head.bias[labels].float()
        return linear(hidden.float(), head.weight[labels].float(), bias).cpu().numpy()

    @contextmanager
    def _attention(self, model: PreTrainedModel, implementation: str) -> Iterator[None]:
        with self._one_at_a_time:
            model.config._attn_implementation = implementation
            try:
                yield
            except LlmRerankError:
                raise
            except Exception as err:  # out of memory, a token or an argument that the model does not know
                raise EngineError(
                    f"the model failed ({type(err).__name__}: {first_line(err)})",
                    field="model",
                    value=type(self._model).__name__,
                    remedy="Ask for less at once, or use another device",
                ) from err

    def _check_length(self, tokens: int) -> None:
        limit = self._model.config.max_position_embeddings
        if tokens > limit:
            raise EngineError(
                f"the model reads at most {limit} tokens",
                field="tokens",
                value=tokens,
                remedy="Lower the prompt's history or title budget",
            )
