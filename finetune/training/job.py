"""The training job: from a configuration and a folder of examples to an adapter."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path

from rich.progress import Progress

from finetune.examples import ExampleFolder
from finetune.training.adapter import write_adapter
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.loop import Training
from finetune.training.picture import PICTURE, write_picture
from finetune.training.processes import from_first, open_accelerator
from finetune.training.quantized import require_quantizable
from finetune.training.schedule import learning_rate
from finetune.training.scorer import open_scorer
from finetune.training.steps import steps_of
from finetune.training.telling import telling_of_training
from llm_rerank.adapters import ABOUT, Adapter
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.alone import alone
from retrieval.errors import BuildError, TrainingError
from retrieval.files import read_json, write_json

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.json"
ADAPTER = "adapter"
BEGUN = "begun.json"


def train(config: TrainingConfig, folder: Path, progress: Progress) -> Adapter:
    """Trains an adapter and writes it to `folder`/adapter, going on where an earlier run was stopped.

    Under `accelerate launch` or torchrun all processes call this; the first of them writes. Raises TrainingError for a
    folder that holds another training, for examples whose histories are too short for the prompt, and for processes
    that are not those which were asked for.
    """
    examples = ExampleFolder(config.examples)
    _require_histories(config, examples)
    base = prepare_model(config.model, say=progress.console.print)
    plan = _plan(config, examples, base)
    accelerator = open_accelerator()
    if config.quantized_base:
        require_quantizable(accelerator)
    _require_one_plan(config, plan, from_first(accelerator, lambda: plan))
    if finished := from_first(accelerator, lambda: _finished(folder, plan)):
        return finished
    first = accelerator.is_main_process
    with _alone(folder) if first else nullcontext():
        prompt = Prompt(ChatTokenizer.load(base.folder), config.prompt)
        scorer = open_scorer(config, base, accelerator.device)
        training = Training(config, examples, prompt, scorer, accelerator, plan, folder / CHECKPOINT)
        if first:
            write_json(folder / BEGUN, {"plan": plan, "config": config.model_dump(mode="json")})
        state = training.run(telling_of_training(progress) if first else _in_silence)
        adapter = from_first(accelerator, lambda: _write(folder, config, examples, base, state))
    accelerator.end_training()
    return adapter


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


def _require_one_plan(config: TrainingConfig, plan: str, first: str) -> None:
    """Raises TrainingError on a machine whose files are not those of the first."""
    if plan != first:
        raise TrainingError(
            "this process would train something else than the first one: other examples, settings or model",
            field="examples",
            value=str(config.examples),
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


def _finished(folder: Path, plan: str) -> Adapter | None:
    if not (folder / ADAPTER / ABOUT).exists():
        return None
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
) -> Adapter:
    """The adapter comes last but for the checkpoint's end: who finds it finds all."""
    write_json(folder / CURVE, {"losses": state.losses, "validations": state.validations})
    last = steps_of(config, examples)
    write_picture(folder / PICTURE, state, [learning_rate(config, step, last) for step in range(len(state.losses))])
    adapter = write_adapter(folder / ADAPTER, state, config, base, examples.made_from)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return adapter


def _in_silence(done: int, steps: int, text: str) -> None:
    """The first process speaks for all."""
