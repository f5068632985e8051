"""The training job: from a configuration and a folder of examples to an adapter."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import torch
from rich.progress import Progress
from safetensors import SafetensorError

from finetune.examples import ExampleFolder
from finetune.training.adapter import Assignment, begun_with, write_adapter
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.lesson import Lesson
from finetune.training.loop import Training
from finetune.training.picture import PICTURE, write_picture
from finetune.training.processes import from_first, open_accelerator
from finetune.training.quantized import require_quantizable
from finetune.training.ranking import RankingLesson
from finetune.training.schedule import learning_rate
from finetune.training.scorer import Adapted, open_scorer
from finetune.training.telling import telling_of_training
from llm_rerank.adapters import ABOUT, Adapter
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.alone import alone
from retrieval.differences import differences
from retrieval.errors import BuildError, TrainingError
from retrieval.files import read_json, write_json

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.json"
ADAPTER = "adapter"
BEGUN = "begun.json"


Opening = Callable[[torch.device], tuple[Lesson, Adapted]]
"""Opens what is taught and what learns it, on this device: slow, and not needed where all is done already."""


def train(config: TrainingConfig, folder: Path, progress: Progress) -> Adapter:
    """Trains an adapter that scores and writes it to `folder`/adapter: see carry_out.

    Raises DatasetError for examples whose histories are too short for the prompt, and ModelError, ConfigError and
    TrainingError for an adapter to begin with that does not fit, too.
    """
    for examples in _examples(config):
        examples.require_histories(config.prompt.history_items)
    base = prepare_model(config.model, say=progress.console.print)

    assignment = _assignment(config, base)

    def opening(device: torch.device) -> tuple[Lesson, Adapted]:
        prompt = Prompt(ChatTokenizer.load(base.folder), config.prompt)
        scorer = open_scorer(config, base, device, begun_with=assignment.begun_with)
        return RankingLesson(config, ExampleFolder(config.examples), prompt), scorer

    return carry_out(assignment, opening, folder, progress)


def carry_out(assignment: Assignment, opening: Opening, folder: Path, progress: Progress) -> Adapter:
    """Trains an adapter and writes it to `folder`/adapter, going on where an earlier run was stopped.

    Under `accelerate launch` or torchrun all processes call this; the first of them writes. Raises TrainingError for a
    folder that holds another training, and for processes that are not those which were asked for.
    """
    plan, config, accelerator = assignment.plan, assignment.config, open_accelerator()
    if config.quantized_base:
        require_quantizable(accelerator)
    _require_one_plan(plan, from_first(accelerator, lambda: plan))
    if finished := from_first(accelerator, lambda: _finished(folder, assignment)):
        return finished
    first = accelerator.is_main_process
    with _alone(folder) if first else nullcontext(), _disk_of(folder):
        lesson, adapted = opening(accelerator.device)
        training = Training(config, lesson, adapted, accelerator, plan, folder / CHECKPOINT)
        if first:
            write_json(folder / BEGUN, {"plan": plan, "config": config.model_dump(mode="json")})
        state = training.run(telling_of_training(progress) if first else _in_silence)
        adapter = from_first(accelerator, lambda: _write(folder, assignment, state, lesson.steps))
    accelerator.end_training()
    return adapter


def adapter_so_far(config: TrainingConfig, folder: Path, out: Path) -> Adapter:
    """Writes the best weights of an unfinished training, which may go on meanwhile, to `out` as an adapter.

    Raises TrainingError where there is no checkpoint yet, or one of another training, and where `out` holds files.
    """
    if out.exists() and any(out.iterdir()):
        raise TrainingError(
            "there are files in this folder already, and an adapter is never changed in place",
            field="so_far",
            value=str(out),
            remedy="Give a new folder.",
        )
    assignment = _assignment(config, prepare_model(config.model))
    state = Checkpoint.read(folder / CHECKPOINT, assignment.plan)
    if state is None:
        raise TrainingError(
            "no training is going on here, or it has kept nothing yet",
            field="out",
            value=str(folder),
            remedy="Wait a minute; a finished training's adapter lies in its folder.",
        )
    return write_adapter(out, state, assignment)


def _assignment(config: TrainingConfig, base: PreparedModel) -> Assignment:
    return Assignment(
        config=config,
        base=base,
        prompt=config.prompt,
        made_from=" and ".join(examples.made_from for examples in _examples(config)),
        measure=RankingLesson.measure,
        method=config.method,
        begun_with=begun_with(config, base, config.prompt, method=config.method),
    )


def _examples(config: TrainingConfig) -> list[ExampleFolder]:
    """All that are learnt from, the new ones first."""
    folders = [config.examples, *([config.replay.examples] if config.replay else [])]
    return [ExampleFolder(folder) for folder in folders]


def _require_one_plan(plan: str, first: str) -> None:
    """Raises TrainingError on a machine whose files are not those of the first."""
    if plan != first:
        raise TrainingError(
            "this process would train something else than the first one: other examples, settings or model",
            field="plan",
            value=plan,
            remedy="Give every machine the same files.",
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises TrainingError where another process trains in the folder: two that should be one, it may be."""
    with ExitStack() as held:
        try:
            held.enter_context(alone(folder))
        except BuildError as err:
            raise TrainingError(
                err.problem,
                field=err.field,
                value=err.value,
                remedy="Wait for it, or give another folder. Processes that are to be one training are started by "
                "torchrun or `accelerate launch`.",
            ) from err
        yield


@contextmanager
def _disk_of(folder: Path) -> Iterator[None]:
    """Raises TrainingError for what TensorBoard, safetensors and others say of a full disk, each in its own way."""
    try:
        yield
    except (OSError, SafetensorError) as err:
        raise TrainingError(
            f"a file of the training could not be read or written ({err}); its last checkpoint is whole",
            field="out",
            value=str(folder),
            remedy="Make room on the disk, or mend that, and run the same again: it goes on from there.",
        ) from err


def _require_begun(folder: Path, assignment: Assignment) -> None:
    """Raises TrainingError where another training was begun there, and says what is other."""
    begun = read_json(folder / BEGUN)
    if isinstance(begun, dict) and begun.get("plan") == assignment.plan:
        return
    before = begun.get("config") if isinstance(begun, dict) else None
    other = differences(before, assignment.config.model_dump(mode="json")) if isinstance(before, dict) else ""
    raise TrainingError(
        f"this folder holds another training: {other or 'other examples, base model or adapter to begin with'}",
        field="out",
        value=str(folder),
        remedy="Give another folder: what was trained is never changed in place.",
    )


def _finished(folder: Path, assignment: Assignment) -> Adapter | None:
    """The adapter, None where there is none yet; raises TrainingError where another training was begun there."""
    done = (folder / ADAPTER / ABOUT).exists()
    if done or ((folder / CHECKPOINT).exists() and (folder / BEGUN).exists()):
        _require_begun(folder, assignment)
    if not done:
        return None
    (folder / CHECKPOINT).unlink(missing_ok=True)  # who wrote the adapter may have been killed before this
    return Adapter.read(folder / ADAPTER)


def _write(folder: Path, assignment: Assignment, state: Checkpoint, steps: int) -> Adapter:
    """The adapter comes last but for the checkpoint's end: who finds it finds all."""
    write_json(folder / CURVE, {"losses": state.losses, "validations": state.validations})
    rates = [learning_rate(assignment.config, step, steps) for step in range(len(state.losses))]
    write_picture(folder / PICTURE, state, assignment.measure, rates)
    adapter = write_adapter(folder / ADAPTER, state, assignment)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return adapter


def _in_silence(done: int, steps: int, text: str) -> None:
    """The first process speaks for all."""
