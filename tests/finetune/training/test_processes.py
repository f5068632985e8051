import pytest

from finetune.training.processes import open_accelerator
from retrieval.errors import TrainingError


@pytest.fixture(autouse=True)
def as_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What accelerate itself leaves in the environment."""
    for name in ("ACCELERATE_USE_FSDP", "FSDP_CPU_RAM_EFFICIENT_LOADING"):
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
    ("name", "why"),
    [
        ("ACCELERATE_USE_DEEPSPEED", "no training could go on"),
        ("ACCELERATE_USE_MEGATRON_LM", "Megatron-LM"),
        ("ACCELERATE_USE_PARALLELISM_CONFIG", "not a list"),
        ("FSDP_OFFLOAD_PARAMS", "have not been tried"),
        ("FSDP_ACTIVATION_CHECKPOINTING", "gradient_checkpointing"),
    ],
)
def test_what_this_training_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, why: str) -> None:
    monkeypatch.setenv(name, "true")
    with pytest.raises(TrainingError, match=rf"{name}='true': .*{why}.*configs/accelerate/ddp\.yaml"):
        open_accelerator()
