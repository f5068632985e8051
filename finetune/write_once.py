"""A folder of examples is written once: what was interrupted goes on, and what is finished is never changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from finetune.examples import read_manifest
from retrieval.once import Once

PACKAGES: Final = (
    "llm-rerank",
    "lenskit",
    "numpy",
    "peft",
    "pyarrow",
    "sentence-transformers",
    "torch",
    "transformers",
)
"""What the bytes depend on."""


def write_once(folder: Path, made_from: str, write: Callable[[], None]) -> dict[str, Any]:
    """Has `write` fill the folder, its manifest last, unless that was done before; gives the manifest.

    `made_from` changes with all that the rows depend on. Raises as Once.fill does.
    """
    Once(noun="examples", packages=PACKAGES, made_from=made_from).fill(folder, write)
    return read_manifest(folder)
