"""A folder that is filled once: what was interrupted goes on, and what is finished is never changed."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrieval.alone import LOCK, alone
from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import read_json, unreadable, write_json
from retrieval.manifest import MANIFEST, installed

WORK: Final = "work"
"""A folder in it for what is needed until it is finished."""

_BEGUN: Final = "begun.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """What a folder is filled with."""

    noun: str
    """What it holds, in the plural, for errors."""
    packages: Sequence[str]
    """What the bytes depend on."""
    made_from: str
    """Changes with all else that they depend on; the manifest says it under this name."""

    def fill(self, folder: Path, write: Callable[[], None]) -> None:
        """Has `write` fill it, its manifest last, unless that was done before.

        Raises BuildError for a folder that holds something else, or the same of something else, or where another
        process is at work.
        """
        self._require_free(folder)
        with alone(folder):
            if not (folder / MANIFEST).exists():
                self._begin(folder)
                write()
            self._require_same(read_json(folder / MANIFEST), folder)
            shutil.rmtree(folder / WORK, ignore_errors=True)  # here: the run that finished may have been stopped before

    def _begin(self, folder: Path) -> None:
        """What an earlier run left is gone on with only where it was begun with the same by the same versions."""
        versions, path = installed(self.packages), folder / WORK / _BEGUN
        if path.exists():
            begun = read_json(path)
            if not isinstance(begun, dict):
                raise unreadable(path, remade=True)
            self._require_same(begun, folder)
            if changed := differences(begun.get("versions", {}), versions):
                raise BuildError(
                    f"these {self.noun} were begun by other versions: {changed}",
                    field="out",
                    value=str(folder),
                    remedy="Go on with those, or begin anew in another folder.",
                )
        write_json(path, {"made_from": self.made_from, "versions": versions})

    def _require_free(self, folder: Path) -> None:
        if not folder.exists() or (folder / MANIFEST).exists() or (folder / WORK / _BEGUN).exists():
            return
        if not folder.is_dir() or not _is_free(folder):
            raise BuildError(
                f"this is no folder of {self.noun}",
                field="out",
                value=str(folder),
                remedy="Give a new folder, or clear it.",
            )

    def _require_same(self, found: object, folder: Path) -> None:
        if not isinstance(found, dict) or found.get("made_from") != self.made_from:
            raise BuildError(
                f"this folder holds {self.noun} of other data or with other settings",
                field="out",
                value=str(folder),
                remedy=f"Give another folder: {self.noun} are never changed in place.",
            )


def _is_free(folder: Path) -> bool:
    """Whether there is nothing in it but what a run leaves that was stopped before it had begun."""
    work = folder / WORK
    strange = [path for path in folder.iterdir() if path.name not in {LOCK, WORK}]
    return not strange and (
        not work.exists() or (work.is_dir() and all(_BEGUN in path.name for path in work.iterdir()))
    )
