"""Where and how a result was taken: the lines without which a number means nothing."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch
import transformers


def machine(command: str, device: torch.device, **settings: object) -> dict[str, str]:
    """Command, hardware, versions, date and whatever settings the benchmark adds, in the order of the report."""
    accelerator = {"device": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    return {
        "command": command,
        **accelerator,
        "processor": f"{_processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads used",
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        **{name.replace("_", " "): str(value) for name, value in settings.items()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
