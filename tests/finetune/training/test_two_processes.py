"""Two processes on the CPU: what a training on many GPUs does, in small."""

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pytest
import torch
from accelerate import Accelerator, PartialState, debug_launcher
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType
from rich.progress import Progress
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from torch.multiprocessing import ProcessRaisedException
from transformers.integrations import unset_hf_deepspeed_config

from finetune.examples import ExampleFolder
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.job import train
from finetune.training.learnt import trained
from finetune.training.loop import Training
from finetune.training.processes import open_accelerator, sharding
from finetune.training.ranking import RankingLesson
from finetune.training.scorer import Scorer, open_scorer
from finetune.training.zero import zero
from llm_rerank.adapters import Adapter
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt

Configure = Callable[..., TrainingConfig]
Begin = Callable[..., Training]
Kind = Literal["alone", "MULTI_CPU", "FSDP", "ZeRO-2", "ZeRO-3"]
INSTALLED = pytest.mark.skipif(find_spec("deepspeed") is None, reason="needs DeepSpeed")
ZEROS = [pytest.param(kind, marks=INSTALLED) for kind in ("ZeRO-2", "ZeRO-3")]
KINDS = pytest.mark.parametrize("kind", ["MULTI_CPU", "FSDP", *ZEROS])
KEPT = "kept.pt"


def in_two(kind: Kind, work: Callable[[], object]) -> None:
    """Does it in two processes, or here where it is done alone, and fails where it fails in one of them or where there
    are not two: a launcher may silently start one.

    accelerate shards on GPUs only, so that it is told that these are some, or not told that there is none; what it then
    does is done on the CPU.
    """

    def one() -> None:
        AcceleratorState._reset_state(reset_partial_state=True)  # what the tests before left, copied by the fork
        if kind == "FSDP":
            os.environ.update(ACCELERATE_USE_FSDP="true", FSDP_VERSION="2")
            os.environ.update(FSDP_AUTO_WRAP_POLICY="TRANSFORMER_BASED_WRAP")
            PartialState(cpu=True).distributed_type = DistributedType.MULTI_GPU
        elif kind.startswith("ZeRO"):
            os.environ.update(ACCELERATE_USE_DEEPSPEED="true", ACCELERATE_DEEPSPEED_ZERO_STAGE=kind[-1])
            rank = str(torch.distributed.get_rank())
            os.environ.update(ACCELERATE_USE_CPU="false", DS_ACCELERATOR="cpu", RANK=rank, LOCAL_RANK=rank)
            # Else it compiles a faster way for processes to talk, and waits for ever for a compiler that was killed.
            import_module("deepspeed.comm.torch").build_shm_op = lambda: None
            PartialState(backend="gloo")
        work()
        state = AcceleratorState()
        held = "DEEPSPEED" if "ZeRO" in kind else kind
        assert (state.num_processes, state.distributed_type.name) == (2, held)

    if kind == "alone":
        work()
    else:
        debug_launcher(one, num_processes=2)


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # accelerate warns where it has to choose


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ends well leaves its last checkpoint, beside where it was."""
    write = Checkpoint.write

    def twice(self: Checkpoint, path: Path) -> None:
        write(self, path)
        write(self, path.with_name(KEPT))

    monkeypatch.setattr(Checkpoint, "write", twice)


def assert_close(found: Checkpoint, expected: Checkpoint, apart: float) -> None:
    assert found.losses == pytest.approx(expected.losses, abs=apart)
    torch.testing.assert_close(found.validations, expected.validations, atol=apart, rtol=0)
    torch.testing.assert_close(found.weights, expected.weights, atol=apart, rtol=0)
    torch.testing.assert_close(found.optimizer["state"], expected.optimizer["state"], atol=apart, rtol=0)


def read(path: Path) -> Checkpoint:
    state = Checkpoint.read(path, "plan")
    assert state is not None
    return state


@KINDS
@pytest.mark.parametrize("method", ["packed", "letters"])
@pytest.mark.usefixtures("kept")
def test_two_processes_train_as_one_does(configure: Configure, tmp_path: Path, kind: Kind, method: str) -> None:
    # Three lists a step for the one and four for the other, in unlike many passes.
    # No clipping: it would hide gradients that are all too large, or all too small, as Adam does.
    config = configure(method=method, lists_per_step=7, tokens_per_pass=60, validation_lists=3, epochs=0.5, clip=1e9)
    in_two(kind, lambda: train(config, tmp_path / "two", Progress(disable=True)))
    Adapter.read(tmp_path / "two" / "adapter")
    train(config, tmp_path / "one", Progress(disable=True))
    one, two = (Checkpoint(**torch.load(tmp_path / name / KEPT, weights_only=True)) for name in ("one", "two"))
    assert_close(two, one, 1e-5)


def test_processes_that_would_train_different_things_are_refused(configure: Configure, tmp_path: Path) -> None:
    def work() -> None:
        train(configure(seed=PartialState(cpu=True).process_index), tmp_path, Progress(disable=True))

    with pytest.raises(ProcessRaisedException, match="something else than the first one"):
        in_two("MULTI_CPU", work)


@pytest.fixture
def begin(configure: Configure, tiny: PreparedModel, prompt: Prompt) -> Begin:
    """A training in what processes there are."""

    def start(path: Path, accelerator: Accelerator | None = None, **others: object) -> Training:
        config = configure(**others)
        accelerator = accelerator or open_accelerator()
        scorer = open_scorer(config, tiny, accelerator.device)
        lesson = RankingLesson(config, ExampleFolder(config.examples), prompt)
        return Training(config, lesson, scorer, accelerator, "plan", path)

    return start


@pytest.fixture
def bfloat16_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base as on CUDA; the adapter stays float32."""
    open_in_float32 = open_scorer

    def opened(config: TrainingConfig, base: PreparedModel, device: torch.device) -> Scorer:
        scorer = open_in_float32(config, base, device)
        for weights in scorer.parameters():
            if not weights.requires_grad:
                weights.data = weights.data.bfloat16()
        return scorer

    monkeypatch.setattr(f"{__name__}.open_scorer", opened)


def stop_after(steps: int) -> Callable[[int, int, str], None]:
    def on_step(done: int, last: int, text: str) -> None:
        if done == steps:
            raise KeyboardInterrupt

    return on_step


in_silence = stop_after(0)


def test_sharded_each_holds_a_part_and_the_checkpoint_the_whole_adapter(begin: Begin, tmp_path: Path) -> None:
    settings = {"validation_lists": 0, "epochs": 1 / 6}  # one step

    def work() -> None:
        training = begin(tmp_path / "two.pt", **settings)
        scorer = training._adapted
        assert sum(isinstance(module, FSDPModule) for module in scorer.modules()) == 3  # two layers, and the rest
        for weights in scorer.parameters():
            assert isinstance(weights, DTensor)
            assert weights.to_local().numel() < weights.numel()
        training.run(in_silence)

    in_two("FSDP", work)
    one = begin(tmp_path / "one.pt", **settings).run(in_silence)
    two = read(tmp_path / "two.pt")
    assert two.weights.keys() == one.weights.keys()
    assert_close(two, one, 1e-6)
    assert any(weights.count_nonzero() for name, weights in two.weights.items() if "lora_B" in name)


@KINDS
def test_an_interrupted_training_ends_as_one_that_was_not(begin: Begin, tmp_path: Path, kind: Kind) -> None:
    assert_goes_on(begin, tmp_path, kind, kind, 0.0)


@pytest.mark.parametrize(
    ("kind", "then"),
    [
        pytest.param(kind, then, marks=INSTALLED if "ZeRO" in kind + then else [])
        for kind, then in (
            *(("MULTI_CPU", "alone"), ("FSDP", "alone"), ("ZeRO-2", "alone"), ("ZeRO-3", "alone")),
            *(("alone", "ZeRO-2"), ("FSDP", "ZeRO-3")),
        )
    ],
)
def test_an_interrupted_training_may_go_on_in_processes_of_another_kind(
    begin: Begin, tmp_path: Path, kind: Kind, then: Kind
) -> None:
    assert_goes_on(begin, tmp_path, kind, then, 1e-5)


def assert_goes_on(begin: Begin, tmp_path: Path, kind: Kind, then: Kind, apart: float) -> None:
    path, whole = tmp_path / "cut.pt", tmp_path / "whole.pt"

    def cut() -> None:
        with pytest.raises(KeyboardInterrupt):
            begin(path).run(stop_after(3))

    in_two(kind, cut)
    in_two(then, lambda: begin(path).run(in_silence))
    in_two(kind, lambda: begin(whole).run(in_silence))
    assert_close(read(path), read(whole), apart)


@INSTALLED
def test_zero_3_leaves_each_a_part_of_all_weights(begin: Begin, tmp_path: Path) -> None:
    def work() -> None:
        training = begin(tmp_path / "two.pt")
        for weights in training._adapted.parameters():
            assert weights.numel() == 0
            assert weights.ds_tensor.numel() < weights.ds_numel  # type: ignore[attr-defined]
        training.run(in_silence)

    in_two("ZeRO-3", work)


@pytest.mark.usefixtures("bfloat16_base")
@pytest.mark.parametrize("kind", ZEROS)
def test_zero_in_bfloat16_keeps_what_is_learnt_in_float32(begin: Begin, tmp_path: Path, kind: Kind) -> None:
    path, whole, copied = (tmp_path / name for name in ("cut.pt", "whole.pt", "copied.pt"))

    def bfloat16() -> Accelerator:
        accelerator = Accelerator(mixed_precision="bf16", deepspeed_plugin=zero())
        unset_hf_deepspeed_config()
        return accelerator

    def cut() -> None:
        training = begin(path, bfloat16())
        assert training._learnt.model.zero_optimization_stage() == int(kind[-1])
        with pytest.raises(KeyboardInterrupt):
            training.run(stop_after(3))

    in_two(kind, cut)
    in_two(kind, lambda: begin(path, bfloat16()).run(in_silence))
    in_two(kind, lambda: begin(whole, bfloat16()).run(in_silence))
    assert_close(read(path), read(whole), 0.0)
    assert any(not torch.equal(kept, kept.bfloat16().float()) for kept in read(whole).weights.values())
    in_two("MULTI_CPU", lambda: begin(copied, Accelerator(mixed_precision="bf16", cpu=True)).run(in_silence))
    assert read(whole).losses == pytest.approx(read(copied).losses, abs=0.02)


@pytest.mark.usefixtures("bfloat16_base")
def test_sharded_a_base_in_bfloat16_and_an_adapter_in_float32_learn_as_they_do_whole(
    begin: Begin, tmp_path: Path
) -> None:
    def sharded() -> None:
        training = begin(tmp_path / "sharded.pt", Accelerator(mixed_precision="bf16", fsdp_plugin=sharding()))
        training.run(in_silence)
        assert {weights.dtype for weights in trained(training._adapted)} == {torch.float32}
        assert {weights.dtype for weights in training._adapted.parameters()} == {torch.float32, torch.bfloat16}

    def copied() -> None:
        begin(tmp_path / "copied.pt", Accelerator(mixed_precision="bf16", cpu=True)).run(in_silence)

    in_two("FSDP", sharded)
    in_two("MULTI_CPU", copied)
    assert_close(read(tmp_path / "sharded.pt"), read(tmp_path / "copied.pt"), 1e-5)


@pytest.mark.parametrize("kind", ["FSDP", ZEROS[1]])
def test_sharded_activations_can_be_computed_again(begin: Begin, tmp_path: Path, kind: Kind) -> None:
    for name, again in (("again", True), ("kept", False)):
        in_two(kind, lambda: begin(tmp_path / name, gradient_checkpointing=again).run(in_silence))  # noqa: B023
    assert_close(read(tmp_path / "again"), read(tmp_path / "kept"), 1e-6)
