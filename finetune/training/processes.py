"""The processes of a training. A launcher that cannot start what it is asked for starts something else, in silence."""

import os
from collections.abc import Callable
from typing import Final, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin, broadcast_object_list
from torch.distributed.fsdp import MixedPrecisionPolicy
from transformers.integrations import unset_hf_deepspeed_config

from finetune.training.zero import zero
from retrieval.errors import TrainingError

T = TypeVar("T")

_COUNTS: Final = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
"""Where torchrun and the launchers of MPI say how many processes they started."""

_OURS: Final = {
    "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": ({"1", "auto"}, "that is `tokens_per_pass` and `lists_per_step` here"),
    "ACCELERATE_MIXED_PRECISION": ({"no", "bf16"}, "training is in bfloat16 on CUDA and in float32 on a CPU"),
    "ACCELERATE_DYNAMO_BACKEND": ({"no", "NO"}, "compiling a training's passes, each of another size, was not tried"),
}
"""What a launcher may say too, which of it is so anyway, and why the rest would not be done."""

_BEYOND: Final = {
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM trains models of its own making",
    "ACCELERATE_USE_PARALLELISM_CONFIG": "processes may share the lists of a step here, not a list",
    "FSDP_OFFLOAD_PARAMS": "weights that wait in main memory have not been tried with this training",
    "FSDP_ACTIVATION_CHECKPOINTING": "that is `gradient_checkpointing` in the training's configuration",
}
"""What a launcher may ask for that this training cannot do, and why."""


def open_accelerator() -> Accelerator:
    """What torchrun or `accelerate launch` started, or this process alone: bfloat16 on CUDA, float32 on a CPU.

    Raises TrainingError where that is not what was asked for, and for what this training cannot do.
    """
    for name, why in _BEYOND.items():
        if _is_set(name):
            raise TrainingError(
                why,
                field=name,
                value=os.environ[name],
                remedy="Use configs/accelerate/ddp.yaml, or fsdp2.yaml for a model that does not fit on a GPU.",
            )
    _require_ours()
    sharded, by_deepspeed = _is_set("ACCELERATE_USE_FSDP"), _is_set("ACCELERATE_USE_DEEPSPEED")
    accelerator = Accelerator(
        mixed_precision="bf16" if torch.cuda.is_available() else "no",
        fsdp_plugin=sharding() if sharded else None,
        deepspeed_plugin=zero() if by_deepspeed else None,
    )
    _require_counted(accelerator)
    if sharded:
        _require_kind(accelerator, DistributedType.FSDP)
    if by_deepspeed:
        _require_kind(accelerator, DistributedType.DEEPSPEED)
        unset_hf_deepspeed_config()  # else transformers parts the base as it reads it: it is to be checked whole
    return accelerator


def _require_ours() -> None:
    for name, (known, why) in _OURS.items():
        if (value := os.environ.get(name)) is not None and value not in known:
            raise TrainingError(why, field=name, value=value, remedy="Leave it out of accelerate's file and command.")


def from_first(accelerator: Accelerator, found: Callable[[], T]) -> T:
    """What the first process finds, in all of them: the others need not have its files."""
    held = [found() if accelerator.is_main_process else None]
    value: T = broadcast_object_list(held)[0]
    return value


def sharding() -> FullyShardedDataParallelPlugin:
    """FSDP2 as the launcher says, but in the precision of everything else here: under autocast.

    In accelerate's own, scores would be rounded to bfloat16, in which many are equal, and gradients summed in it.
    Every process reads the base for itself, since it is checked (can it be packed?) before it is parted.
    Raises TrainingError for the first FSDP, which parts what learns and what does not as one.
    """
    version = os.environ.get("FSDP_VERSION", "1")
    if version != "2":
        raise TrainingError(
            "FSDP of that version cannot hold a frozen base in bfloat16 and an adapter in float32",
            field="fsdp_version",
            value=version,
            remedy="Set it to 2, as configs/accelerate/fsdp2.yaml does.",
        )
    return FullyShardedDataParallelPlugin(
        mixed_precision_policy=MixedPrecisionPolicy(), cpu_ram_efficient_loading=False
    )


def _require_counted(accelerator: Accelerator) -> None:
    """Raises TrainingError where each process would train by itself, or where there is one only."""
    name = next((name for name in _COUNTS if name in os.environ), "")
    asked = int(os.environ[name]) if name else 1
    if asked != accelerator.num_processes:
        raise TrainingError(
            f"so many processes were started, and each knows of {accelerator.num_processes}: all would train alone",
            field=name,
            value=asked,
            remedy="Give each a GPU that torch can see, or set ACCELERATE_USE_CPU=true.",
        )
    if not name and "MASTER_ADDR" in os.environ and "ACCELERATE_MIXED_PRECISION" in os.environ:
        raise TrainingError(
            "accelerate was to start several processes and started this one alone, as it does for a CPU",
            field="num_processes",
            value=1,
            remedy="Use a file of configs/accelerate/ on GPUs; on a CPU "
            "`ACCELERATE_USE_CPU=true torchrun --nproc_per_node 2 -m finetune.train`.",
        )


def _require_kind(accelerator: Accelerator, asked: DistributedType) -> None:
    """Raises TrainingError where nothing would be parted."""
    if accelerator.distributed_type != asked:
        raise TrainingError(
            f"{asked.name} was asked for, and this is {accelerator.distributed_type.name}: every process holds all",
            field="distributed_type",
            value=asked.name,
            remedy="It needs GPUs; without them use torchrun alone.",
        )


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"true", "1", "yes"}
