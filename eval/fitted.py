"""What systems have learnt, kept by what it was learnt from, so that no run trains anything twice."""

import fcntl
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.code import NO_FIGURES, changed, code_behind, one_digest
from eval.environment import versions
from retrieval.errors import BuildError
from retrieval.files import Arrays, read_arrays, write_arrays

_SECONDS = "seconds"


def fitted_once(
    folder: Path, kind: str, made_of: str, fit: Callable[[Path], tuple[Arrays, float]]
) -> tuple[Arrays, float]:
    """What `fit` gave when it was last run: arrays, and the seconds it took; it gets a folder for its checkpoints.

    `made_of` names data, settings and seed; the code that fits and the libraries' versions count too. One process fits
    at a time, and others that want the same wait for it. Raises BuildError where the code was edited meanwhile: what
    ran is not what the name would say.
    """
    code = _fitting_code()
    name = sha256(f"{made_of} {one_digest(code)} {versions()}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    path = folder / f"{kind}-{name}.npz"
    work = path.with_suffix(".parts")
    with one_at_a_time(path.with_suffix(".lock")):
        if not path.exists():
            arrays, seconds = fit(work)
            _check_unchanged(code)
            write_arrays(path, {**arrays, _SECONDS: np.array(seconds)})
            shutil.rmtree(work, ignore_errors=True)
    arrays = read_arrays(path, remade=True)
    return arrays, float(arrays.pop(_SECONDS))


def timed(fit: Callable[[], Arrays], work: Path) -> tuple[Arrays, float]:
    """What it gives, and the seconds it took: NaN where it went on from what an earlier run left in `work`."""
    resumed, start = work.exists(), perf_counter()
    arrays = fit()
    return arrays, math.nan if resumed else perf_counter() - start


@cache
def _fitting_code() -> dict[str, str]:
    """As it was when this process first asked: what it has loaded does not change when a file does."""
    return code_behind("eval/systems.py", without=NO_FIGURES | {"eval/llm_scores.py"})


def _check_unchanged(code: dict[str, str]) -> None:
    if stale := changed(code):
        raise BuildError(
            f"{stale[0]} was edited while this was running",
            field="code",
            value=len(stale),
            remedy="Start again. Measure in a checkout that nobody works in.",
        )


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Waits until no other process is within; however a process ends, it lets go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
