"""What systems have learnt, kept by what it was learnt from, so that no run trains anything twice."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.code import NO_FIGURES, code_behind, one_digest
from eval.environment import versions
from retrieval.files import Arrays, read_arrays, write_arrays

_SECONDS = "seconds"
_FITTING = "eval/systems.py"


def fitted_once(folder: Path, kind: str, made_of: str, fit: Callable[[Path], Arrays]) -> tuple[Arrays, float]:
    """The arrays of `fit`, and the seconds it took when it was last run; it gets a folder for its checkpoints.

    `made_of` names data, settings and seed; the code that fits and the libraries' versions count too. One
    process fits at a time, and others that want the same wait for it.
    """
    made_by = one_digest(code_behind(_FITTING, without=NO_FIGURES))
    name = sha256(f"{made_of} {made_by} {versions()}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    path = folder / f"{kind}-{name}.npz"
    with one_at_a_time(path.with_suffix(".lock")):
        if not path.exists():
            start = perf_counter()
            arrays = fit(path.with_suffix(".parts"))
            write_arrays(path, {**arrays, _SECONDS: np.array(perf_counter() - start)})
            shutil.rmtree(path.with_suffix(".parts"), ignore_errors=True)
    arrays = read_arrays(path, remade=True)
    return arrays, float(arrays.pop(_SECONDS))


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Waits until no other process is within; however a process ends, it lets go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
