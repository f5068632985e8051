from importlib.util import find_spec

import pytest

from finetune.training.processes import open_accelerator
from retrieval.errors import MissingExtraError, TrainingError


@pytest.fixture(autouse=True)
def as_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What accelerate itself leaves in the environment."""
    for name in ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED", "FSDP_CPU_RAM_EFFICIENT_LOADING"):
        monkeypatch.setenv(name, "false")


def test_a_process_alone_is_one() -> None:
    assert open_accelerator().num_processes == 1


@pytest.mark.parametrize("count", ["WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
def test_processes_that_would_each_train_alone_are_refused(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv(count, "2")  # torchrun on a machine without GPUs; mpirun
    with pytest.raises(TrainingError, match=rf"{count}=2: .* all would train alone\. .*ACCELERATE_USE_CPU=true"):
        open_accelerator()


def test_a_process_that_accelerate_started_in_place_of_several_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")  # accelerate launch --cpu --num_processes 2
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    with pytest.raises(TrainingError, match=r"started this one alone.* torchrun --nproc_per_node 2"):
        open_accelerator()


def test_fsdp_that_would_be_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_VERSION", "2")
    with pytest.raises(TrainingError, match=r"FSDP was asked for, and this is NO.*needs GPUs"):
        open_accelerator()


def test_the_first_fsdp_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(TrainingError, match=r"fsdp_version='1': .*Set it to 2"):
        open_accelerator()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ACCELERATE_USE_MEGATRON_LM", "true", "Megatron-LM"),
        ("ACCELERATE_USE_PARALLELISM_CONFIG", "true", "not a list"),
        ("FSDP_OFFLOAD_PARAMS", "true", "have not been tried"),
        ("FSDP_ACTIVATION_CHECKPOINTING", "true", "gradient_checkpointing"),
        ("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4", "gradients would be divided"),
        ("ACCELERATE_MIXED_PRECISION", "fp16", "bfloat16 on CUDA"),
        ("ACCELERATE_DYNAMO_BACKEND", "INDUCTOR", "has not been tried"),
        ("ACCELERATE_DEEPSPEED_ZERO_STAGE", "1", "has not been tried"),
        ("ACCELERATE_DEEPSPEED_OFFLOAD_OPTIMIZER_DEVICE", "cpu", "has not been tried"),
        ("ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE", "nvme", "have not been tried"),
        ("ACCELERATE_DEEPSPEED_CONFIG_FILE", "own.json", "nobody knows"),
    ],
)
def test_what_this_training_would_not_do_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match=rf"{name}='{value}': .*{why}.*files of configs/accelerate/ do without"):
        open_accelerator()


INSTALLED = pytest.mark.skipif(find_spec("deepspeed") is None, reason="needs DeepSpeed")


@pytest.fixture
def zero_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a launcher."""
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_ZERO_STAGE", "3")


@pytest.mark.usefixtures("zero_asked")
def test_deepspeed_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.training.zero.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'llm-rerank\[deepspeed\]'"):
        open_accelerator()


@INSTALLED
@pytest.mark.usefixtures("zero_asked")
def test_zero_without_a_gpu_is_refused_before_processes_wait_for_each_other() -> None:
    with pytest.raises(TrainingError, match=r"torch sees no GPU\. Without GPUs: .*torchrun"):
        open_accelerator()
