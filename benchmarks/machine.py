"""Where and how a result was taken: the lines without which a number means nothing."""

import os
import platform
from datetime import UTC, datetime

import torch
import transformers

from eval.environment import processor


def machine(command: str, device: torch.device, **settings: object) -> dict[str, str]:
    """Command, hardware, versions, date and whatever settings the benchmark adds, in the order of the report."""
    accelerator = {"device": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    return {
        "command": command,
        **accelerator,
        "processor": f"{processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads used",
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        **{name.replace("_", " "): str(value) for name, value in settings.items()},
    }
