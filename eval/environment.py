"""Where and when something was measured."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from pathlib import Path
from typing import Final

_PACKAGES: Final = (
    *("llm-rerank", "torch", "transformers", "sentence-transformers", "faiss-cpu", "lenskit", "torch-geometric"),
    *("lightgbm", "numpy", "scipy", "pandas"),
)


def device() -> str:
    """The machine, in words."""
    return f"{processor()}, {cpu_count()} cores, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """The packages that figures depend on."""
    return {package: _version(package) for package in _PACKAGES}


def today() -> str:
    """The day, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """Its name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
