"""What systems have learnt, kept by what it was learnt from, so that no run trains anything twice."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.code import ROOT, digest
from retrieval.files import Arrays, read_arrays, write_arrays

_SECONDS = "seconds"


def fitted_once(folder: Path, kind: str, made_of: str, fit: Callable[[Path], Arrays]) -> tuple[Arrays, float]:
    """The arrays of `fit`, and the seconds it took when it was run; it gets a folder for its checkpoints.

    `made_of` names data, settings and seed; the code that fits this `kind` counts too.
    """
    code = [digest(ROOT / path) for path in fitting_modules(kind)]
    name = sha256(f"{made_of} {code}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    path = folder / f"{kind}-{name}.npz"
    if not path.exists():
        start = perf_counter()
        arrays = fit(path.with_suffix(".parts"))
        write_arrays(path, {**arrays, _SECONDS: np.array(perf_counter() - start)})
        shutil.rmtree(path.with_suffix(".parts"), ignore_errors=True)
    arrays = read_arrays(path)
    return arrays, float(arrays.pop(_SECONDS))


def fitting_modules(kind: str) -> list[str]:
    """The paths of the code that fits this kind. A blend learns from what its parts answer: all of theirs count."""
    room = ROOT / "retrieval" / "retrievers"
    found = {"sequence": (room / "sequence").glob("*.py"), "blend": room.rglob("*.py")}.get(kind, room.glob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)
