import errno
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import torch
import typer
from peft import set_peft_model_state_dict
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from finetune.commands import finetune
from finetune.examples import ExampleFolder
from finetune.training.checkpoint import Checkpoint, Weights
from finetune.training.config import LoraSettings, TrainingConfig
from finetune.training.job import CHECKPOINT, CURVE, adapter_so_far, train
from finetune.training.loop import Training
from finetune.training.picture import PICTURE
from finetune.training.scorer import open_scorer
from llm_rerank.adapters import WEIGHTS, Adapter, write_about
from llm_rerank.config import RerankerConfig
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import DEFAULT_MODEL, PreparedModel
from llm_rerank.opening import open_reranker
from llm_rerank.prompt import PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.alone import alone
from retrieval.errors import DatasetError, ModelError, TrainingError
from retrieval.files import read_json
from retrieval.retrievers.base import OnStep

Configure = Callable[..., TrainingConfig]
REQUEST = ScoringRequest(prefix=(1, 5, 9), continuations=((7, 8), (11,), (7, 8, 12)), labels=(3, 4))


def run(config: TrainingConfig, folder: Path) -> Adapter:
    return train(config, folder, Progress(disable=True))


@pytest.fixture
def interrupted(configure: Configure, tmp_path: Path) -> Path:
    """A folder whose training was stopped after three steps."""
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, after=3)
        with pytest.raises(KeyboardInterrupt):
            run(configure(), tmp_path / "interrupted")
    return tmp_path / "interrupted"


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ctrl-C in the training to come."""
    whole = Training.run

    def cut(self: Training, on_step: OnStep) -> object:
        def stop(done: int, steps: int, text: str) -> None:
            if done == after:
                raise KeyboardInterrupt

        return whole(self, stop)

    monkeypatch.setattr(Training, "run", cut)


def weights_of(adapter: Adapter) -> dict[str, list[float]]:
    return {name: weights.flatten().tolist() for name, weights in load_file(adapter.folder / WEIGHTS).items()}


@pytest.fixture(scope="module")
def finished(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "training"
    run(configure(), folder)
    return folder


def test_an_adapter_says_what_it_is_for(finished: Path, tiny: PreparedModel) -> None:
    adapter = Adapter.read(finished / "adapter")
    adapter.require(tiny, PromptConfig())
    assert (adapter.base, adapter.examples) == (tiny.name, "doors")
    assert {"steps", "seconds", "validation_ndcg@10"} == set(adapter.metrics)
    assert sorted(path.name for path in adapter.folder.iterdir()) == [
        "adapter.json",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


def test_a_finished_folder_keeps_the_curve_and_no_checkpoint(finished: Path) -> None:
    curve = read_json(finished / CURVE)
    assert len(curve["losses"]) == 6
    assert [step for step, *_ in curve["validations"]] == [2, 4, 6]
    assert not (finished / CHECKPOINT).exists()
    assert (finished / PICTURE).read_bytes().startswith(b"\x89PNG")


def test_a_finished_training_is_not_done_again(finished: Path, configure: Configure) -> None:
    before = (finished / "adapter" / "adapter.json").stat().st_mtime_ns
    assert run(configure(workers=1), finished) == Adapter.read(finished / "adapter")
    assert (finished / "adapter" / "adapter.json").stat().st_mtime_ns == before


def test_another_training_is_refused_in_a_finished_folder(finished: Path, configure: Configure) -> None:
    with pytest.raises(TrainingError, match="another training: seed was 0 and is now 1"):
        run(configure(seed=1), finished)


def test_an_interrupted_job_goes_on_to_the_same_adapter(
    finished: Path, configure: Configure, interrupted: Path
) -> None:
    assert (interrupted / CHECKPOINT).exists()
    assert run(configure(), interrupted).adapter_id == Adapter.read(finished / "adapter").adapter_id


def test_a_training_that_is_refused_leaves_what_another_began(configure: Configure, interrupted: Path) -> None:
    before = {path: path.read_bytes() for path in interrupted.iterdir() if path.is_file()}
    with pytest.raises(TrainingError, match=r"another training: seed was 0 and is now 1\. Give another folder"):
        run(configure(seed=1), interrupted)
    assert {path: path.read_bytes() for path in before} == before


def test_a_training_that_ran_out_of_memory_goes_on_with_less(configure: Configure, interrupted: Path) -> None:
    assert run(configure(tokens_per_pass=40, gradient_checkpointing=True), interrupted).metrics["steps"]


def test_a_disk_that_is_full_for_a_picture_is_told_as_for_a_checkpoint(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("finetune.training.job.write_picture", full)
    with pytest.raises(TrainingError, match=r"No space left on device.*its last checkpoint is whole.*Make room"):
        run(configure(), tmp_path)
    monkeypatch.undo()
    assert run(configure(), tmp_path).metrics["steps"]


def test_weights_that_half_precision_cannot_hold_are_no_adapter(configure: Configure, tmp_path: Path) -> None:
    wild = configure(learning_rate=1e7, warmup_steps=0, validation_lists=0, steps=1)
    with pytest.raises(TrainingError, match=r"learning_rate=1e\+07|learning_rate=10000000\.0.*not all numbers"):
        run(wild, tmp_path)
    assert not (tmp_path / "adapter").exists()


def test_a_prompt_longer_than_what_the_examples_hold_is_refused(configure: Configure, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"prompt\.history_items=21: .* holds 20 items"):
        run(configure(prompt=PromptConfig(history_items=21)), tmp_path)


def test_one_job_at_a_time_in_a_folder(configure: Configure, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(TrainingError, match=r"another process is at work.* torchrun"):
        run(configure(), tmp_path)


def test_an_adapter_is_served_as_it_was_trained(
    configure: Configure, tiny: PreparedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[Checkpoint] = []
    write = Checkpoint.write
    monkeypatch.setattr(Checkpoint, "write", lambda self, path: (states.append(self), write(self, path)))
    adapter = run(configure(), tmp_path)
    expected = trained_scores(configure(), tiny, states[-1].best)
    assert served_scores(tiny, adapter.folder) == pytest.approx(expected, abs=1e-3)  # half precision on the disk
    assert served_scores(tiny, None) != pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("other", "field"), [({"prompt": {"question": "Next?"}}, "prompt"), ({"model": DEFAULT_MODEL}, "model")]
)
def test_it_is_not_served_otherwise(
    finished: Path, tiny: PreparedModel, examples: ExampleFolder, other: dict[str, object], field: str
) -> None:
    served = {"model": str(tiny.folder), "adapter": finished / "adapter", "engine": {"device": "cpu"}}
    open_reranker(RerankerConfig.model_validate(served), examples.catalogue, say=print)
    with pytest.raises(ModelError) as refused:
        open_reranker(RerankerConfig.model_validate(served | other), examples.catalogue, say=print)
    assert refused.value.field == field


def test_an_adapter_that_lacks_weights_is_not_served(finished: Path, tiny: PreparedModel, tmp_path: Path) -> None:
    adapter = Path(copytree(finished / "adapter", tmp_path / "adapter"))
    weights = load_file(adapter / WEIGHTS)
    weights.pop(next(iter(weights)))
    save_file(weights, adapter / WEIGHTS)
    with pytest.raises(ModelError, match=r"the adapter cannot be added to this model .*missing adapter keys"):
        served_scores(tiny, adapter)


def trained_scores(config: TrainingConfig, base: PreparedModel, weights: Weights) -> list[float]:
    scorer = open_scorer(config, base, torch.device("cpu"))
    set_peft_model_state_dict(scorer.model, weights)
    scores = scorer(pack([REQUEST], query_heads=4, device=torch.device("cpu")), [REQUEST])
    return scores.tolist()


def served_scores(base: PreparedModel, adapter: Path | None) -> list[float]:
    tokenizer = ChatTokenizer.load(base.folder)
    (logits,) = TransformersEngine.load(base.folder, tokenizer, adapter=adapter, device="cpu").score([REQUEST])
    return (logits[:, 0] - logits[:, 1]).tolist()


def test_the_best_so_far_can_be_had_while_a_training_goes_on(
    finished: Path, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, early = tmp_path / "training", tmp_path / "early"
    with monkeypatch.context() as patch:
        interrupt(patch, after=5)
        with pytest.raises(KeyboardInterrupt):
            run(configure(), folder)
    adapter = adapter_so_far(configure(), folder, early)
    assert adapter.folder == early
    assert adapter.metrics["steps"] <= 4
    with pytest.raises(TrainingError, match=r"so_far=.*Give a new folder"):
        adapter_so_far(configure(), folder, early)
    assert run(configure(), folder).adapter_id == Adapter.read(finished / "adapter").adapter_id


def test_without_a_checkpoint_there_is_no_best_so_far(configure: Configure, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"out=.*no training is going on here"):
        adapter_so_far(configure(), tmp_path / "training", tmp_path / "early")
    assert not (tmp_path / "early").exists()


def test_the_command_says_what_it_trained(finished: Path, configure: Configure, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(finetune)
    file = tmp_path / "training.yaml"
    file.write_text(configure().model_dump_json())  # JSON is YAML
    done = CliRunner().invoke(app, ["--config", str(file), "--out", str(finished)], catch_exceptions=False)
    adapter = Adapter.read(finished / "adapter")
    said = " ".join(done.stdout.split())
    assert said.startswith(f"Adapter {adapter.adapter_id} in ")
    assert "validation_ndcg@10 " in said


def test_a_training_goes_on_from_an_adapter(finished: Path, configure: Configure, tmp_path: Path) -> None:
    """With a learning rate that changes nothing the weights are those that it began with."""
    before, still = finished / "adapter", {"learning_rate": 1e-30, "epochs": 1 / 6}
    after = run(configure(begin_with=before, **still), tmp_path)
    assert weights_of(after) == weights_of(Adapter.read(before))
    assert after.examples == f"doors on adapter {Adapter.read(before).adapter_id}"
    with pytest.raises(TrainingError, match="another training"):
        run(configure(**still), tmp_path)


def test_an_adapter_of_another_form_is_not_gone_on_from(finished: Path, configure: Configure, tmp_path: Path) -> None:
    config = configure(begin_with=finished / "adapter", lora=LoraSettings(rank=2, alpha=8))
    with pytest.raises(TrainingError, match=r"lora=.*has another form.*'rank': 4"):
        run(config, tmp_path)


def test_nor_one_that_was_asked_otherwise(finished: Path, configure: Configure, tmp_path: Path) -> None:
    config = configure(begin_with=finished / "adapter", prompt=PromptConfig(question="Next?"))
    with pytest.raises(ModelError, match="another prompt"):
        run(config, tmp_path)


def test_earlier_examples_are_learnt_from_again(
    configure: Configure, beginners: Path, doors: Path, tmp_path: Path
) -> None:
    replayed = configure(examples=beginners, replay={"examples": doors, "share": 0.5})
    adapter = run(replayed, tmp_path / "replayed")
    losses = read_json(tmp_path / "replayed" / CURVE)["losses"]
    assert len(losses) == 4  # twelve of each, by six
    assert adapter.examples == "doors and doors"
    run(configure(examples=beginners, epochs=2), tmp_path / "alone")
    assert read_json(tmp_path / "alone" / CURVE)["losses"] != losses


def test_nothing_is_replayed_of_those_who_validate(
    configure: Configure, doors: Path, judged_by: Callable[[int], Path], tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"replay\.examples=.*nothing to train on"):
        run(configure(examples=judged_by(12), replay={"examples": doors}), tmp_path / "none")


@pytest.mark.parametrize("kind", ["replayed", "taught", "continued", "lettered"])
def test_each_of_these_goes_on_where_it_was_stopped(
    finished: Path,
    configure: Configure,
    doors: Path,
    beginners: Path,
    taught: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    config = {
        "replayed": configure(examples=beginners, replay={"examples": doors}),
        "taught": configure(examples=taught, loss="distillation", epochs=2),
        "continued": configure(begin_with=finished / "adapter", workers=1),
        "lettered": configure(method="letters", workers=1),
    }[kind]
    whole = run(config, tmp_path / "whole")
    interrupt(monkeypatch, after=3)
    with pytest.raises(KeyboardInterrupt):
        run(config, tmp_path / "cut")
    monkeypatch.undo()
    assert run(config, tmp_path / "cut").adapter_id == whole.adapter_id
    assert read_json(tmp_path / "cut" / CURVE) == read_json(tmp_path / "whole" / CURVE)


def test_an_adapter_for_letters_says_so_and_is_not_gone_on_from_for_anything_else(
    finished: Path, configure: Configure, tmp_path: Path
) -> None:
    lettered = run(configure(method="letters", epochs=1 / 6), tmp_path / "lettered")
    assert (lettered.method, Adapter.read(finished / "adapter").method) == ("letters", "packed")
    for method, before in (("packed", lettered.folder), ("letters", finished / "adapter")):
        with pytest.raises(ModelError, match="method="):
            run(configure(method=method, begin_with=before), tmp_path / method)


def test_a_method_has_a_folder_of_its_own(finished: Path, configure: Configure) -> None:
    with pytest.raises(TrainingError, match="another training"):
        run(configure(method="letters"), finished)


def test_what_it_began_with_stays_where_nothing_better_came(
    finished: Path, configure: Configure, tmp_path: Path
) -> None:
    adapter = run(configure(begin_with=finished / "adapter", learning_rate=5.0, epochs=0.5), tmp_path)
    validations = read_json(tmp_path / CURVE)["validations"]
    assert [step for step, *_ in validations] == [0, 2, 3]
    assert adapter.metrics["steps"] == 0
    assert adapter.metrics["validation_ndcg@10"] == validations[0][1]
    assert weights_of(adapter) == weights_of(Adapter.read(finished / "adapter"))


def test_an_adapter_of_other_layers_is_not_begun_with(
    finished: Path, configure: Configure, tiny: PreparedModel, tmp_path: Path
) -> None:
    copytree(finished / "adapter", tmp_path / "some")
    weights = {name: w for name, w in load_file(tmp_path / "some" / WEIGHTS).items() if "q_proj" in name}
    save_file(weights, tmp_path / "some" / WEIGHTS, metadata={"format": "pt"})
    (tmp_path / "some" / "adapter.json").unlink()
    write_about(tmp_path / "some", tiny, PromptConfig(), "doors", {})
    with pytest.raises(TrainingError, match=r"begin_with=.*other layers"):
        run(configure(begin_with=tmp_path / "some"), tmp_path / "training")


def test_a_student_learns_what_its_teacher_thinks(configure: Configure, taught: Path, tmp_path: Path) -> None:
    config = configure(examples=taught, loss="distillation", epochs=20, validation_lists=0)
    run(config, tmp_path)
    losses = read_json(tmp_path / CURVE)["losses"]
    assert losses[-1] < 0.5 * losses[0]
