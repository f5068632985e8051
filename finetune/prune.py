"""The pruning job, `llm-rerank prune`: a model without the layers that change least of what it answers from.

Of all blocks of neighbouring layers that one goes whose output lies at the smallest angle to its input, at the tokens
that answers are read at (Gromov et al. 2024). What is left is a base to train an adapter on.
"""

from collections.abc import Iterator
from math import pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from transformers import AutoModelForCausalLM, PreTrainedModel

from finetune.examples import ExampleFolder
from finetune.prune_config import PruneConfig
from finetune.training.lists import validation_list
from llm_rerank.checkpoints import require_free, write_checkpoint
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ConfigError

PRUNED: Final = "pruned.json"
"""Says which layers of what are left."""


def prune(config: PruneConfig, out: Path, progress: Progress) -> tuple[int, ...]:
    """Writes the pruned model to `out`, there whole or not at all; the layers that are left, by their old numbers.

    Raises ConfigError where something lies in `out`, or where no layer would go; DatasetError for examples whose
    histories are too short for the prompt; ModelError for a model that cannot be packed.
    """
    require_free(out)
    examples = ExampleFolder(config.examples)
    examples.require_histories(config.prompt.history_items)
    base = prepare_model(config.model, say=progress.console.print)
    tokenizer = ChatTokenizer.load(base.folder)
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32, local_files_only=True).eval()
    TransformersEngine(model, tokenizer).require_packing()
    count = model.config.num_hidden_layers
    _require_fewer(config, count)
    lists = _lists(config, examples, Prompt(tokenizer, config.prompt))
    found = [
        _angles(model, request)
        for request in progress.track(lists, total=_count(config, examples), description="looking")
    ]
    block = count - config.keep_layers
    first = _least(np.mean(found, axis=0), block)
    kept = tuple(layer for layer in range(count) if not first <= layer < first + block)
    write_checkpoint(out, without(model, kept), base, PRUNED, _made_of(base, examples, kept))
    return kept


def _require_fewer(config: PruneConfig, count: int) -> None:
    if config.keep_layers >= count:
        raise ConfigError(
            f"the model has {count} layers: none would go",
            field="keep_layers",
            value=config.keep_layers,
            remedy="Lower it.",
        )


def _count(config: PruneConfig, examples: ExampleFolder) -> int:
    return min(config.lists, examples.rows("train"))


def _lists(config: PruneConfig, examples: ExampleFolder, prompt: Prompt) -> Iterator[ScoringRequest]:
    """Of users to train on; which of a list's items came next, is of no account."""
    rows = examples.drawn("train", _count(config, examples), np.random.default_rng(config.seed), field="lists")
    return (validation_list(row, prompt, examples.catalogue) for row in rows)


@torch.inference_mode()
def _angles(model: PreTrainedModel, request: ScoringRequest) -> NDArray[np.float64]:
    """Between what goes into layer i and what goes into layer j, over pi: shape (layers, layers), the list's mean."""
    packed = pack((request,), query_heads=model.config.num_attention_heads, device=model.device)
    model.config._attn_implementation = "packed"
    states = model.base_model(
        input_ids=packed.input_ids,
        position_ids=packed.position_ids,
        use_cache=False,
        packed=packed,
        output_hidden_states=True,
    ).hidden_states[:-1]  # what comes after the last layer is normed, and that layer stays
    rows = torch.stack([torch.nn.functional.normalize(state[0, packed.last_rows], dim=-1) for state in states])
    cosines = torch.einsum("ikd,jkd->ijk", rows, rows).clamp(-1, 1)
    angles: NDArray[np.float64] = (torch.acos(cosines).mean(dim=2) / pi).double().numpy()
    return angles


def _least(angles: NDArray[np.float64], block: int) -> int:
    """Where the block of so many layers begins that turns what passes it the least."""
    return int(np.argmin(np.diagonal(angles, offset=block)))


def without(model: PreTrainedModel, kept: tuple[int, ...]) -> PreTrainedModel:
    """The model with these of its layers, changed in place."""
    layers = model.base_model.layers
    model.base_model.layers = torch.nn.ModuleList([layers[layer] for layer in kept])
    model.config.num_hidden_layers = len(kept)
    before = getattr(model.config, "kept_layers", range(len(layers)))  # of a model that was pruned before
    model.config.kept_layers = [
        before[layer] for layer in kept
    ]  # weights that are cut elsewhere begin and end alike: it tells them apart
    if kinds := getattr(model.config, "layer_types", None):
        model.config.layer_types = [kinds[layer] for layer in kept]
    return model


def _made_of(base: PreparedModel, examples: ExampleFolder, kept: tuple[int, ...]) -> dict[str, object]:
    return {
        "base": base.name,
        "base_fingerprint": base.fingerprint,
        "examples": examples.made_from,
        "layers": list(kept),
    }
