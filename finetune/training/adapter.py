"""From trained weights to an adapter's folder, without the model they were trained in."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from peft import LoraConfig
from safetensors.torch import save_file

from finetune.training.checkpoint import Checkpoint, Weights
from finetune.training.config import LoraSettings, TrainingConfig
from llm_rerank.adapters import SETTINGS, WEIGHTS, Adapter, write_about
from llm_rerank.models import PreparedModel


def lora_config(lora: LoraSettings) -> LoraConfig:
    """What peft is told; all of it can be served by vLLM."""
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        use_rslora=lora.rslora,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def write_adapter(
    folder: Path, state: Checkpoint, config: TrainingConfig, base: PreparedModel, examples: str
) -> Adapter:
    """The best weights so far, in half precision; `folder` is new. The same weights make the same adapter_id."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as made:
        part = Path(made) / folder.name
        part.mkdir()
        halves = {name: weights.half().contiguous() for name, weights in state.best.items()}
        save_file(halves, part / WEIGHTS, metadata={"format": "pt"})
        (part / WEIGHTS).chmod(0o644)  # whoever serves it may be another user
        _write_settings(part / SETTINGS, config, state.best)
        write_about(part, base, config.prompt, examples, _metrics(state))
        part.replace(folder)
    return Adapter.read(folder)


def _write_settings(path: Path, config: TrainingConfig, weights: Weights) -> None:
    """As peft would, but with the layers in order: peft keeps them in a set, and every run would have another id."""
    lora = lora_config(config.lora)
    lora.inference_mode = True
    lora.base_model_name_or_path = config.model
    lora.save_pretrained(path.parent)
    layers = {name.split(".lora_")[0].rpartition(".")[2] for name in weights}
    settings = json.loads(path.read_text(encoding="utf-8")) | {"target_modules": sorted(layers)}
    path.write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")


def _metrics(state: Checkpoint) -> Mapping[str, float]:
    metrics: dict[str, float] = {"steps": state.best_step, "seconds": state.seconds}
    if state.validations:
        metrics["validation_ndcg@10"] = max(ndcg for _, ndcg, _ in state.validations)
    return metrics
