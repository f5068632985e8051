from pathlib import Path

import numpy as np
import pytest

from eval.fitted import fitted_once
from retrieval.errors import BuildError
from retrieval.files import Arrays

FOUND = {"weights": np.arange(3)}


def never(work: Path) -> Arrays:
    raise AssertionError("fitted twice")


def test_nothing_is_fitted_twice(tmp_path: Path) -> None:
    arrays, seconds = fitted_once(tmp_path, "ease", "these data", lambda work: FOUND)
    again, then = fitted_once(tmp_path, "ease", "these data", never)
    assert again["weights"].tolist() == arrays["weights"].tolist() == [0, 1, 2]
    assert seconds == then > 0


def test_other_data_are_fitted_anew(tmp_path: Path) -> None:
    fitted_once(tmp_path, "ease", "these data", lambda work: FOUND)
    arrays, _ = fitted_once(tmp_path, "ease", "other data", lambda work: {})
    assert arrays == {}


def test_checkpoints_go_when_it_is_done(tmp_path: Path) -> None:
    def fit(work: Path) -> Arrays:
        work.mkdir(parents=True)
        (work / "epoch 1").touch()
        return FOUND

    fitted_once(tmp_path, "sequence", "these data", fit)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".npz"]


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    fitted_once(tmp_path, "ease", "these data", lambda work: FOUND)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(BuildError, match=f"damaged. Delete {path} and run the same again"):
        fitted_once(tmp_path, "ease", "these data", never)
    path.unlink()
    assert fitted_once(tmp_path, "ease", "these data", lambda work: FOUND)[0].keys() == FOUND.keys()
