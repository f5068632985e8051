"""The processes of a training. A launcher that cannot start what it is asked for starts something else, in silence."""

import os
from collections.abc import Callable, Mapping
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

_NO: Final = frozenset({"", "no", "none", "false", "0"})
_LIMITS: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": (
        frozenset({"1", "auto"}),
        "gradients would be divided: that is `tokens_per_pass` and `lists_per_step` here",
    ),
    "ACCELERATE_MIXED_PRECISION": (_NO | {"bf16"}, "training is in bfloat16 on CUDA and in float32 on a CPU"),
    "ACCELERATE_DYNAMO_BACKEND": (_NO, "compiling a training's passes, each of another size, has not been tried"),
    "ACCELERATE_USE_MEGATRON_LM": (_NO, "Megatron-LM trains models of its own making"),
    "ACCELERATE_USE_PARALLELISM_CONFIG": (_NO, "processes may share the lists of a step here, not a list"),
    "FSDP_OFFLOAD_PARAMS": (_NO, "weights that wait in main memory have not been tried with this training"),
    "FSDP_ACTIVATION_CHECKPOINTING": (_NO, "that is `gradient_checkpointing` in the training's configuration"),
    "ACCELERATE_DEEPSPEED_ZERO_STAGE": (frozenset({"2", "3"}), "that stage of ZeRO has not been tried"),
    "ACCELERATE_DEEPSPEED_OFFLOAD_OPTIMIZER_DEVICE": (_NO, "an optimizer that waits elsewhere has not been tried"),
    "ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE": (_NO, "weights that wait elsewhere have not been tried"),
    "ACCELERATE_DEEPSPEED_CONFIG_FILE": (_NO, "nobody knows what it would set beside this training's own settings"),
}
"""What a launcher may say, which of it this training does, and why not the rest."""


def open_accelerator() -> Accelerator:
    """What torchrun or `accelerate launch` started, or this process alone: bfloat16 on CUDA, float32 on a CPU.

    Raises TrainingError where that is not what was asked for, and for what this training cannot do.
    """
    require_within_limits()
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


def require_within_limits() -> None:
    """Raises TrainingError for what a launcher says and this training would not do."""
    for name, (done, why) in _LIMITS.items():
        if (value := os.environ.get(name)) is not None and value.lower() not in done:
            remedy = "Leave it out; the files of configs/accelerate/ do without."
            raise TrainingError(why, field=name, value=value, remedy=remedy)


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
