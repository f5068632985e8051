"""A compressed checkpoint computed in float32, for machines without the kernels that its bits are for."""

from pathlib import Path
from warnings import catch_warnings, filterwarnings

import torch
from transformers import AutoModelForCausalLM, CompressedTensorsConfig, PreTrainedModel


def simulated(folder: Path) -> PreTrainedModel:
    """The model in that folder: weights as they were rounded, and where the scheme rounds activations these too.

    It answers as kernels would, but for the order of summation, and takes as long as float32 or longer.
    """
    with catch_warnings():
        filterwarnings("ignore", message="You passed `quantization_config`")  # there is no other way to say it
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            quantization_config=CompressedTensorsConfig(dequantize=True),
        )
    return model
