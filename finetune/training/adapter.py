"""From trained weights to an adapter's folder, without the model they were trained in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from peft import LoraConfig
from safetensors.torch import save_file

from finetune.training.checkpoint import Checkpoint, Weights
from finetune.training.config import AdapterTraining, LoraSettings
from llm_rerank.adapters import SETTINGS, WEIGHTS, Adapter, write_about
from llm_rerank.explanations.asking import WriterPrompt
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from llm_rerank.ranking import Method
from llm_rerank.served import served_adapter
from retrieval.errors import TrainingError

_PLACES: Final[Mapping[str, Any]] = {
    "examples": True,
    "dataset": True,
    "workers": True,
    "tokens_per_pass": True,
    "gradient_checkpointing": True,
    "method": True,
    "begin_with": True,
    "replay": {"examples"},
}
"""Settings that only say where things lie, whose content has a name of its own, how many hands there are or how much
memory, so that a training that ran out of it goes on with less; and the method, which a plan names apart."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """What is trained on what."""

    config: AdapterTraining
    base: PreparedModel
    prompt: PromptConfig | WriterPrompt
    """What the model is asked; the adapter is only served with the same."""

    made_from: str
    """Changes with all that is learnt from."""

    measure: str
    """What validations measure."""

    method: Method = "packed"
    """What it scores by; a writer does not."""

    begun_with: Adapter | None = None
    """Whose weights are learnt on from."""

    @property
    def learnt_from(self) -> str:
        """All data that are in the weights, in a line."""
        if self.begun_with is None:
            return self.made_from
        return f"{self.made_from} on adapter {self.begun_with.adapter_id}"

    @property
    def plan(self) -> str:
        """Changes with all that the weights depend on but the program and the number of processes."""
        settings = self.config.model_dump_json(
            exclude=_PLACES, exclude_none=True
        )  # a later version's new ones are None
        about = [settings, self.learnt_from, self.base.fingerprint, self.prompt.fingerprint]
        if self.method != "packed":
            about.append(self.method)
        return sha256(" ".join(about).encode()).hexdigest()[:16]


def begun_with(
    config: AdapterTraining, base: PreparedModel, prompt: PromptConfig | WriterPrompt, *, method: Method = "packed"
) -> Adapter | None:
    """The adapter that a training is to go on from.

    Raises ModelError for one of another base, prompt or method, TrainingError for one of another form.
    """
    adapter = served_adapter(config.begin_with)
    if adapter is None:
        return None
    adapter.require(base, prompt)
    adapter.require_method(method)
    theirs = LoraConfig.from_pretrained(str(adapter.folder))
    form = {"rank": theirs.r, "alpha": theirs.lora_alpha, "rslora": theirs.use_rslora}
    if form != config.lora.model_dump(exclude={"dropout"}):
        raise TrainingError(
            f"the adapter to begin with has another form: {form}",
            field="lora",
            value=config.lora.model_dump(exclude={"dropout"}),
            remedy="Ask for the same, or leave begin_with out.",
        )
    return adapter


def write_adapter(folder: Path, state: Checkpoint, assignment: Assignment) -> Adapter:
    """The best weights so far, in half precision; `folder` is new. The same weights make the same adapter_id."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as made:
        part = Path(made) / folder.name
        part.mkdir()
        halves = _halves(state.best, assignment.config)
        save_file(halves, part / WEIGHTS, metadata={"format": "pt"})
        (part / WEIGHTS).chmod(0o644)  # whoever serves it may be another user
        _write_settings(part / SETTINGS, assignment.config, state.best)
        about = assignment.base, assignment.prompt, assignment.learnt_from, _metrics(state, assignment.measure)
        write_about(part, *about, method=assignment.method)
        part.replace(folder)
    return Adapter.read(folder)


def _halves(weights: Weights, config: AdapterTraining) -> Weights:
    """In half precision; raises TrainingError for what is no number, or too large for it."""
    halves = {name: each.half().contiguous() for name, each in weights.items()}
    if wild := [name for name, each in halves.items() if not each.isfinite().all()]:
        raise TrainingError(
            f"the best weights are not all numbers below 65,504, those of {wild[0]} for one",
            field="learning_rate",
            value=config.learning_rate,
            remedy="Lower it, or raise warmup_steps, and train anew in another folder.",
        )
    return halves


def _write_settings(path: Path, config: AdapterTraining, weights: Weights) -> None:
    """As peft would, but with the layers in order: peft keeps them in a set, and every run would have another id."""
    lora = lora_config(config.lora)
    lora.inference_mode = True
    lora.base_model_name_or_path = config.model
    lora.save_pretrained(path.parent)
    layers = {name.split(".lora_")[0].rpartition(".")[2] for name in weights}
    settings = json.loads(path.read_text(encoding="utf-8")) | {"target_modules": sorted(layers)}
    path.write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")


def _metrics(state: Checkpoint, measure: str) -> Mapping[str, float]:
    metrics: dict[str, float] = {"steps": state.best_step, "seconds": state.seconds}
    if state.validations:
        metrics[f"validation_{measure.lower()}"] = max(found for _, found, _ in state.validations)
    return metrics
