"""QLoRA (Dettmers et al. 2023): the frozen base in four bits, a quarter of its memory; the adapter as ever.

Only what refuses it is tested: the rest needs a GPU, and none was there when it was written. It has learnt a toy with
the kernels that bitsandbytes has for a CPU, which are no use for more.
"""

from importlib.util import find_spec
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from transformers import BitsAndBytesConfig

from retrieval.errors import MissingExtraError, TrainingError


def require_quantizable(accelerator: Accelerator) -> None:
    """Raises TrainingError where there is no GPU or the base would be parted, MissingExtraError without its library."""
    if accelerator.device.type != "cuda":
        raise _refusal("a base in four bits needs CUDA", "Leave it out, or train on a GPU.")
    if accelerator.distributed_type in {DistributedType.FSDP, DistributedType.DEEPSPEED}:
        raise _refusal(
            f"{accelerator.distributed_type.name} would leave a base in four bits whole on every GPU",
            "Leave it out, or use configs/accelerate/ddp.yaml.",
        )
    if find_spec("bitsandbytes") is None:
        raise MissingExtraError(
            "a base in four bits needs bitsandbytes",
            field="quantized_base",
            value="nf4",
            remedy="Run pip install 'llm-rerank[qlora]'",
        )


def in_four_bits(device: torch.device) -> dict[str, Any]:
    """How transformers is to load the base: weights as NormalFloat4, their scales in eight bits, all on the GPU."""
    how = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": how, "device_map": {"": device}}


def _refusal(problem: str, remedy: str) -> TrainingError:
    return TrainingError(problem, field="quantized_base", value="nf4", remedy=remedy)
