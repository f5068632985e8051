"""The model as training sees it: a pack in, one score a candidate out."""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

from finetune.training.adapter import lora_config
from finetune.training.config import AdapterTraining, TrainingConfig
from finetune.training.quantized import in_four_bits
from llm_rerank.adapters import WEIGHTS, Adapter
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import PreparedModel
from llm_rerank.ranking import Method
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import TrainingError


class Adapted(torch.nn.Module):
    """A language model with an adapter in it; what is read off it, a subclass says."""

    def __init__(self, model: PeftModel) -> None:
        super().__init__()
        self.model = model

    @property
    def causal(self) -> PreTrainedModel:
        """The language model, the adapter's layers within it."""
        return self.model.get_base_model()

    def hidden(self, packed: Pack, rows: Tensor) -> Tensor:
        """What the last layer makes of these rows of a pack, shape (len(rows), D)."""
        found: Tensor = self.causal.base_model(
            input_ids=packed.input_ids, position_ids=packed.position_ids, use_cache=False, packed=packed
        )[0][0, rows]
        return found

    @property
    def _no_split_modules(self) -> set[str]:
        """The layers that FSDP parts one by one, where it is not told others: those of the language model."""
        return set(self.causal._no_split_modules or ())


class Scorer(Adapted):
    """Scores as the transformers engine reads them, with gradients; what a candidate is, a subclass says."""

    def forward(self, packed: Pack, requests: Sequence[ScoringRequest]) -> Tensor:
        """Of all candidates, those of one request after those of another, shape (sum of K,), float32.

        One tensor, since ZeRO-3 counts on as many in every process.
        """
        hidden, head = self.hidden(packed, packed.last_rows), self.causal.get_output_embeddings().weight
        with torch.autocast(hidden.device.type, enabled=False):  # rounded to bfloat16, many scores would be equal
            return self._read(hidden.float(), head, requests)

    def _read(self, hidden: Tensor, head: Tensor, requests: Sequence[ScoringRequest]) -> Tensor:
        """`hidden` has a row for each continuation, `head` one for each token."""
        raise NotImplementedError


class PackedScorer(Scorer):
    """Log-odds of yes: a candidate is a continuation."""

    def _read(self, hidden: Tensor, head: Tensor, requests: Sequence[ScoringRequest]) -> Tensor:
        yes, no = requests[0].labels
        return hidden @ (head[yes].float() - head[no].float())


class LetterScorer(Scorer):
    """Logits of the letters: a candidate is a label, and each request has one continuation."""

    def _read(self, hidden: Tensor, head: Tensor, requests: Sequence[ScoringRequest]) -> Tensor:
        pairs = zip(hidden, requests, strict=True)
        return torch.cat([head[list(request.labels)].float() @ row for row, request in pairs])


def candidates_of(requests: Sequence[ScoringRequest], method: Method) -> list[int]:
    """How many scores each request has."""
    return [len(request.labels if method == "letters" else request.continuations) for request in requests]


_SCORERS: Final[Mapping[Method, type[Scorer]]] = {"packed": PackedScorer, "letters": LetterScorer}


def open_scorer(
    config: TrainingConfig, base: PreparedModel, device: torch.device, *, begun_with: Adapter | None = None
) -> Scorer:
    """The base with the adapter that is to learn, to score with; see open_adapted."""
    return _SCORERS[config.method](open_adapted(config, base, device, begun_with=begun_with))


def open_adapted(
    config: AdapterTraining, base: PreparedModel, device: torch.device, *, begun_with: Adapter | None = None
) -> PeftModel:
    """The base with an adapter: fresh, so that it changes nothing yet, or as another one left off.

    It is on the CPU still, but in four bits on its GPU.
    For a CPU all is float32. For CUDA the base is bfloat16 or in four bits and the adapter float32: call it under
    autocast, as accelerate does.
    Raises ModelError for a model that cannot be packed: it would learn from candidates that see each other.
    """
    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    logging.disable_progress_bar()
    how = in_four_bits(device) if config.quantized_base else {}
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=dtype, local_files_only=True, **how)
    model.name_or_path = config.model  # what the adapter calls its base: a name, not a folder of this machine
    TransformersEngine(model, ChatTokenizer.load(base.folder)).require_packing()
    model.config._attn_implementation = "packed"
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    torch.manual_seed(config.seed)
    adapted = get_peft_model(model, lora_config(config.lora))
    if begun_with is not None:
        _take(adapted, begun_with)
    for layer in adapted.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.cast_input_dtype_enabled = False  # autocast does: to float32 and back is a copy of every activation
    return adapted


def _take(adapted: PeftModel, adapter: Adapter) -> None:
    """Raises TrainingError for an adapter of other layers: what it lacks would begin anew in silence."""
    weights = load_file(adapter.folder / WEIGHTS)
    lacking = set(get_peft_model_state_dict(adapted, save_embedding_layers=False)) ^ set(weights)
    if lacking:
        raise TrainingError(
            f"the adapter to begin with changes other layers than this training does, {min(lacking)} for one",
            field="begin_with",
            value=str(adapter.folder),
            remedy="Begin with one that was trained here, or with none.",
        )
    set_peft_model_state_dict(adapted, weights)
