"""Peak memory of a piece of work: resident memory of the process on a CPU, allocated memory of the device on CUDA."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

Result = TypeVar("Result")


def with_peak(work: Callable[[], Result], device: torch.device) -> tuple[Result, int]:
    """What `work` returns, and the most bytes held while it ran, the loaded model included."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        result = work()
        return result, torch.cuda.max_memory_allocated(device)
    _forget_resident_peak()
    result = work()
    return result, _resident_peak()


def _forget_resident_peak() -> None:
    """Where the kernel does not allow it, the peak is that of the whole process so far: too high, never too low."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _resident_peak() -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if kilobytes is None else kilobytes)
