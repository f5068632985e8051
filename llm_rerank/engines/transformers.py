"""The transformers engine: packed scoring in one forward pass, batched streaming generation. The default on a CPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final
from warnings import catch_warnings, filterwarnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear
from transformers import AttentionInterface, AutoModelForCausalLM, PreTrainedModel

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.generation import generate
from llm_rerank.engines.layout import passes
from llm_rerank.engines.packing import pack, packed_attention
from llm_rerank.engines.turns import Turns
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import EngineError, LlmRerankError, MissingExtraError, ModelError

AttentionInterface.register("packed", packed_attention)

_TEXTS_AT_ONCE: Final = 16
"""Bounds the memory of generation: every text has a cache of its own."""
_PROBE: Final = ScoringRequest(
    prefix=tuple(range(10, 18)), continuations=(tuple(range(20, 24)), tuple(range(30, 34))), labels=tuple(range(40, 48))
)


class TransformersEngine:
    """One causal language model in this process."""

    name = "transformers"

    def __init__(self, model: PreTrainedModel, tokenizer: Tokenizer, *, tokens_per_pass: int = 4096) -> None:
        """`tokens_per_pass` bounds how many requests share a forward pass; one request is never split."""
        self._loaded: PreTrainedModel | None = model.eval()
        self._tokenizer = tokenizer
        self._tokens_per_pass = tokens_per_pass
        self._turns = Turns()  # the attention in use is the model's state

    @classmethod
    def load(
        cls, folder: Path, tokenizer: Tokenizer, *, adapter: Path | None = None, device: str | None = None
    ) -> "TransformersEngine":
        """Loads prepared weights: float32 on a CPU (bfloat16 is unusably slow there), bfloat16 on CUDA.

        An adapter's are added to them: beside them it would more than double a CPU's time.
        """
        try:
            where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            dtype = torch.float32 if where.type == "cpu" else torch.bfloat16
            model = _read_model(folder, adapter).to(where, dtype)
        except LlmRerankError:
            raise
        except Exception as err:  # the loader raises anything from OSError to SafetensorError
            raise ModelError(
                f"the model cannot be loaded on {device or 'the default device'} ({_first_line(err)})",
                field="model",
                value=str(folder),
                remedy="Correct engine.device, delete the folder so that it is prepared again, or name another model",
            ) from err
        engine = cls(model, tokenizer, tokens_per_pass=4096 if where.type == "cpu" else 32768)
        engine.require_packing()
        return engine

    @property
    def _model(self) -> PreTrainedModel:
        if self._loaded is None:
            raise EngineError("the engine has been closed", field="engine", value=self.name, remedy="Open another one")
        return self._loaded

    def close(self) -> None:
        """See Engine.close: once whoever is being answered has the answer."""
        with self._turns.taken():
            self._loaded = None

    def require_packing(self) -> None:
        """Raises ModelError for a model that cannot be packed: one with layers that are not attention, say.

        Such layers would let candidates see each other, and nothing else would show it. So a packed candidate behind
        another one is scored once and compared with a prompt of its own.
        """
        _, other = _PROBE.continuations
        packed = torch.from_numpy(self.score([_PROBE])[0][1])
        with self._attention("sdpa", None), torch.inference_mode():
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
            for piece in generate(self._model, self._tokenizer, batch, lambda: self._attention("sdpa", cancel), cancel):
                yield replace(piece, index=start + piece.index)

    def _score_batch(self, batch: Sequence[ScoringRequest], cancel: Event | None) -> list[NDArray[np.float32]]:
        packed = pack(batch, query_heads=self._model.config.num_attention_heads, device=self._model.device)
        if not len(packed.last_rows):
            return [np.empty((0, len(request.labels)), dtype=np.float32) for request in batch]
        with self._attention("packed", cancel), torch.inference_mode():
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
    def _attention(self, implementation: str, cancel: Event | None) -> Iterator[None]:
        with self._turns.taken(cancel):
            self._model.config._attn_implementation = implementation
            try:
                yield
            except LlmRerankError:
                raise
            except Exception as err:  # out of memory, a token or an argument that the model does not know
                raise EngineError(
                    f"the model failed ({type(err).__name__}: {_first_line(err)})",
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


def _read_model(folder: Path, adapter: Path | None) -> PreTrainedModel:
    """In float32, so that what an adapter adds is not rounded away before it is added."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model if adapter is None else _with_adapter(model, adapter)


def _with_adapter(model: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    try:
        from peft import PeftModel  # slow to import, and needed by few
    except ImportError as err:
        raise MissingExtraError(
            f"an adapter cannot be added ({err})",
            field="adapter",
            value=str(adapter),
            remedy="Run pip install 'llm-rerank[serve]'",
        ) from err
    try:
        with catch_warnings():
            filterwarnings("error", message="Found missing adapter keys")  # what is missing would be left untrained
            return PeftModel.from_pretrained(model, adapter).merge_and_unload()
    except Exception as err:  # peft raises anything from ValueError to SafetensorError
        raise ModelError(
            f"the adapter cannot be added to this model ({_first_line(err)})",
            field="adapter",
            value=str(adapter),
            remedy="Get the adapter again, or name the model that it was trained on",
        ) from err


def _first_line(err: Exception) -> str:
    return next(iter(str(err).splitlines()), "")
