"""The transformers engine: packed scoring in one forward pass, batched streaming generation. The default on a CPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AttentionInterface, AutoModelForCausalLM, PreTrainedModel

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.generation import generate
from llm_rerank.engines.packing import pack, packed_attention
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import EngineError, ModelError

AttentionInterface.register("packed", packed_attention)


class TransformersEngine:
    """One causal language model in this process."""

    name = "transformers"

    def __init__(self, model: PreTrainedModel, tokenizer: Tokenizer, *, tokens_per_pass: int = 4096) -> None:
        """`tokens_per_pass` bounds how many requests share a forward pass; one request is never split."""
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._tokens_per_pass = tokens_per_pass
        self._one_at_a_time = Lock()  # the attention in use is the model's state

    @classmethod
    def load(cls, folder: Path, tokenizer: Tokenizer, *, device: str | None = None) -> "TransformersEngine":
        """Loads prepared weights: float32 on a CPU (bfloat16 is unusably slow there), bfloat16 on CUDA."""
        where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        dtype = torch.float32 if where.type == "cpu" else torch.bfloat16
        try:
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        except Exception as err:  # the loader raises anything from OSError to SafetensorError
            raise ModelError(
                f"the model cannot be loaded ({err})",
                field="model",
                value=str(folder),
                remedy="Delete the folder so that it is prepared again, or name another model",
            ) from err
        return cls(model.to(where), tokenizer, tokens_per_pass=4096 if where.type == "cpu" else 32768)

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: several users' requests share a forward pass where they fit."""
        for request in requests:
            self._check_length(len(request.prefix) + max(map(len, request.continuations), default=0))
        scores: list[NDArray[np.float32]] = []
        for batch in _batches(requests, self._tokens_per_pass):
            raise_if_cancelled(cancel)
            scores.extend(self._score_batch(batch, cancel))
        return tuple(scores)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate: one batch, one token each a step."""
        for request in requests:
            self._check_length(len(request.prompt) + request.max_tokens)
        return generate(self._model, self._tokenizer, requests, lambda: self._attention("sdpa"), cancel)

    def _score_batch(self, batch: Sequence[ScoringRequest], cancel: Event | None) -> list[NDArray[np.float32]]:
        packed = pack(batch, query_heads=self._model.config.num_attention_heads, device=self._model.device)
        if not len(packed.last_rows):
            return [np.empty((0, len(request.labels)), dtype=np.float32) for request in batch]
        with self._attention("packed"), torch.inference_mode():
            logits = self._model(
                input_ids=packed.input_ids,
                position_ids=packed.position_ids,
                use_cache=False,
                logits_to_keep=packed.last_rows,
                packed=packed,
                cancel=cancel,
            ).logits[0]
        of_request = torch.split(logits, [len(request.continuations) for request in batch])
        return [
            rows[:, list(request.labels)].float().cpu().numpy() for rows, request in zip(of_request, batch, strict=True)
        ]

    @contextmanager
    def _attention(self, implementation: str) -> Iterator[None]:
        with self._one_at_a_time:
            self._model.config._attn_implementation = implementation
            try:
                yield
            except (RuntimeError, IndexError) as err:  # out of memory, a token the model does not know
                raise EngineError(
                    f"the model failed ({type(err).__name__}: {_first_line(err)})",
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


def _first_line(err: Exception) -> str:
    return next(iter(str(err).splitlines()), "")


def _batches(requests: Sequence[ScoringRequest], tokens_per_pass: int) -> Iterator[list[ScoringRequest]]:
    """Consecutive requests that together stay within the budget; at least one each."""
    batch: list[ScoringRequest] = []
    for request in requests:
        if batch and sum(r.tokens for r in batch) + request.tokens > tokens_per_pass:
            yield batch
            batch = []
        batch.append(request)
    if batch:
        yield batch
