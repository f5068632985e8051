"""A folder of examples is written once: what was interrupted goes on, and what is finished is never changed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from finetune.examples import MANIFEST, read_manifest
from retrieval.alone import LOCK, alone
from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import read_json, unreadable, write_json
from retrieval.manifest import installed

WORK: Final = "work"
"""A folder in it for what is needed until it is finished."""

_BEGUN: Final = "begun.json"
_PACKAGES: Final = (
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

    `made_from` changes with all that the rows depend on. Raises BuildError for a folder that holds something else, or
    other examples, or where another process is at work.
    """
    _check_free(folder)
    with alone(folder):
        if not (folder / MANIFEST).exists():
            _begin(folder, made_from)
            write()
        manifest = read_manifest(folder)
        _same(manifest.get("made_from"), made_from, folder)
        shutil.rmtree(folder / WORK, ignore_errors=True)  # here: the run that finished may have been stopped before
    return manifest


def _begin(folder: Path, made_from: str) -> None:
    """Marks the folder as that of these examples: what an earlier run left is gone on with only where it is the same.

    Raises BuildError where it is not, or where other versions began it.
    """
    versions, path = installed(_PACKAGES), folder / WORK / _BEGUN
    if path.exists():
        begun = read_json(path)
        if not isinstance(begun, dict):
            raise unreadable(path, remade=True)
        _same(begun.get("made_from"), made_from, folder)
        if changed := differences(begun.get("versions", {}), versions):
            raise BuildError(
                f"these examples were begun by other versions: {changed}",
                field="out",
                value=str(folder),
                remedy="Go on with those, or begin anew in another folder.",
            )
    write_json(path, {"made_from": made_from, "versions": versions})


def _check_free(folder: Path) -> None:
    """Raises BuildError where something else lies than examples."""
    if not folder.exists() or (folder / MANIFEST).exists() or (folder / WORK / _BEGUN).exists():
        return
    if not folder.is_dir() or any(path.name not in {LOCK, WORK} for path in folder.iterdir()):
        raise BuildError(
            "this is no folder of examples", field="out", value=str(folder), remedy="Give a new folder, or clear it."
        )


def _same(found: object, made_from: str, folder: Path) -> None:
    if found != made_from:
        raise BuildError(
            "this folder holds examples of other data or with other settings",
            field="out",
            value=str(folder),
            remedy="Give another folder: examples are never changed in place.",
        )
