"""The training job: from a configuration and a folder of examples to an adapter."""

from hashlib import sha256
from pathlib import Path

import torch
from accelerate import Accelerator
from rich.progress import Progress

from finetune.examples import ExampleFolder
from finetune.training.adapter import write_adapter
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.loop import Training
from finetune.training.picture import PICTURE, write_picture
from finetune.training.schedule import learning_rate
from finetune.training.scorer import open_scorer
from finetune.training.steps import steps_of
from finetune.training.telling import telling_of_training
from llm_rerank.adapters import ABOUT, Adapter
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.alone import alone
from retrieval.errors import TrainingError
from retrieval.files import read_json, write_json

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.json"
ADAPTER = "adapter"
BEGUN = "begun.json"


def train(config: TrainingConfig, folder: Path, progress: Progress) -> Adapter:
    """Trains an adapter and writes it to `folder`/adapter, going on where an earlier run was stopped.

    Under `accelerate launch` or torchrun all processes call this; the first of them writes. Raises TrainingError for a
    folder that holds another training and for examples whose histories are too short for the prompt.
    """
    examples = ExampleFolder(config.examples)
    _require_histories(config, examples)
    base = prepare_model(config.model, say=progress.console.print)
    plan = _plan(config, examples, base)
    if (folder / ADAPTER / ABOUT).exists():
        return _finished(folder, plan)
    accelerator = Accelerator(mixed_precision="bf16" if torch.cuda.is_available() else "no")
    prompt = Prompt(ChatTokenizer.load(base.folder), config.prompt)
    scorer = open_scorer(config, base, accelerator.device)
    training = Training(config, examples, prompt, scorer, accelerator, plan, folder / CHECKPOINT)
    if accelerator.is_main_process:
        with alone(folder):
            write_json(folder / BEGUN, {"plan": plan, "config": config.model_dump(mode="json")})
            state = training.run(telling_of_training(progress))
            _write(folder, config, examples, base, state)
    else:
        training.run(_in_silence)
    accelerator.wait_for_everyone()
    return Adapter.read(folder / ADAPTER)


def adapter_so_far(config: TrainingConfig, folder: Path, out: Path) -> Adapter:
    """Writes the best weights of an unfinished training, which may go on meanwhile, to `out` as an adapter.

    Raises TrainingError where there is no checkpoint yet, or one of another training.
    """
    examples, base = ExampleFolder(config.examples), prepare_model(config.model)
    state = Checkpoint.read(folder / CHECKPOINT, _plan(config, examples, base))
    if state is None:
        raise TrainingError(
            "no training is going on here, or it has kept nothing yet",
            field="out",
            value=str(folder),
            remedy="Wait a minute; a finished training's adapter lies in its folder.",
        )
    return write_adapter(out, state, config, base, examples.made_from)


def _require_histories(config: TrainingConfig, examples: ExampleFolder) -> None:
    """Raises TrainingError where histories would be longer in service than any that was trained on."""
    if config.prompt.history_items > examples.history_items:
        raise TrainingError(
            f"the examples hold {examples.history_items} items of a history, fewer than the prompt is to show",
            field="prompt.history_items",
            value=config.prompt.history_items,
            remedy="Lower it, or make examples of longer histories.",
        )


def _plan(config: TrainingConfig, examples: ExampleFolder, base: PreparedModel) -> str:
    """Changes with all that the weights depend on but the program and the number of processes."""
    settings = config.model_dump_json(exclude={"examples", "workers"})
    return sha256(f"{settings} {examples.made_from} {base.fingerprint}".encode()).hexdigest()[:16]


def _finished(folder: Path, plan: str) -> Adapter:
    begun = read_json(folder / BEGUN)
    if not isinstance(begun, dict) or begun.get("plan") != plan:
        raise TrainingError(
            "this folder holds another training: other examples, settings, model or seed",
            field="out",
            value=str(folder),
            remedy="Give another folder: an adapter is never changed in place.",
        )
    (folder / CHECKPOINT).unlink(missing_ok=True)  # who wrote the adapter may have been killed before this
    return Adapter.read(folder / ADAPTER)


def _write(
    folder: Path, config: TrainingConfig, examples: ExampleFolder, base: PreparedModel, state: Checkpoint
) -> None:
    """The adapter comes last but for the checkpoint's end: who finds it finds all."""
    write_json(folder / CURVE, {"losses": state.losses, "validations": state.validations})
    last = steps_of(config, examples)
    write_picture(folder / PICTURE, state, [learning_rate(config, step, last) for step in range(len(state.losses))])
    write_adapter(folder / ADAPTER, state, config, base, examples.made_from)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _in_silence(done: int, steps: int, text: str) -> None:
    """The first process speaks for all."""
