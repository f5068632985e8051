"""What runs in .venv-quantize: it knows llm-compressor, token ids and folders, and nothing of the project.

One JSON document on standard input says what to do: the checkpoint, the folder to write, the scheme, and the prompts to
calibrate on. The last line of standard output says by which versions it was done.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import torch
from llmcompressor import oneshot
from llmcompressor.modifiers.gptq import GPTQModifier
from llmcompressor.modifiers.quantization import QuantizationModifier
from llmcompressor.modifiers.transform.smoothquant import SmoothQuantModifier
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM

_LEFT: Final = ["lm_head"]
"""The output's layer: it may be the embedding too, and scores are read off it."""


def main() -> None:
    """Does what standard input says."""
    told = json.load(sys.stdin)
    compress(told["model"], told["out"], told["scheme"], told["prompts"])
    packages = ("llmcompressor", "compressed-tensors", "torch", "transformers")
    print(json.dumps({package: version(package) for package in packages}))


def compress(model: str, out: str, scheme: Mapping[str, Any], prompts: Sequence[Sequence[int]]) -> None:
    """Reads a checkpoint in float32 and writes it compressed; without prompts by its weights alone."""
    torch.manual_seed(0)
    read = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, local_files_only=True)
    batches: Any = [
        {"input_ids": torch.tensor([prompt])} for prompt in prompts
    ]  # one a batch: nothing is padded or cut
    oneshot(model=read, recipe=recipe(scheme), dataset=DataLoader(batches, batch_size=None) if prompts else None)
    read.save_pretrained(out, save_compressed=True)


def recipe(scheme: Mapping[str, Any]) -> list[Any]:
    """What llm-compressor does, in order."""
    match scheme["kind"]:
        case "w8a8":
            smoothing = SmoothQuantModifier(smoothing_strength=scheme["smoothing"])
            return [smoothing, GPTQModifier(scheme="W8A8", targets=["Linear"], ignore=_LEFT)]
        case "w4a16":
            bits = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group"}
            layers = {"targets": ["Linear"], "weights": {**bits, "group_size": scheme["group_size"]}}
            return [GPTQModifier(config_groups={"layers": layers}, ignore=_LEFT)]
        case "fp8":
            return [QuantizationModifier(scheme="FP8_DYNAMIC", targets=["Linear"], ignore=_LEFT)]
    raise ValueError(f"{scheme['kind']} is no scheme")


if __name__ == "__main__":
    main()
