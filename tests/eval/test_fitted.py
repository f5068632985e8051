from pathlib import Path

import numpy as np
import pytest

from eval.fitted import fitted_once, timed
from retrieval.errors import BuildError
from retrieval.files import Arrays

FOUND = {"weights": np.arange(3)}


def never(work: Path) -> tuple[Arrays, float]:
    raise AssertionError("fitted twice")


def test_nothing_is_fitted_twice(tmp_path: Path) -> None:
    arrays, seconds = fitted_once(tmp_path, "ease", "these data", lambda work: (FOUND, 2.5))
    again, then = fitted_once(tmp_path, "ease", "these data", never)
    assert again["weights"].tolist() == arrays["weights"].tolist() == [0, 1, 2]
    assert seconds == then == 2.5


def test_other_data_are_fitted_anew(tmp_path: Path) -> None:
    fitted_once(tmp_path, "ease", "these data", lambda work: (FOUND, 2.5))
    arrays, _ = fitted_once(tmp_path, "ease", "other data", lambda work: ({}, 0.0))
    assert arrays == {}


def test_checkpoints_go_when_it_is_done(tmp_path: Path) -> None:
    def fit(work: Path) -> tuple[Arrays, float]:
        work.mkdir(parents=True)
        (work / "epoch 1").touch()
        return FOUND, 2.5

    fitted_once(tmp_path, "sequence", "these data", fit)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".npz"]


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    fitted_once(tmp_path, "ease", "these data", lambda work: (FOUND, 2.5))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(BuildError, match=f"damaged. Delete {path} and run the same again"):
        fitted_once(tmp_path, "ease", "these data", never)
    path.unlink()
    assert fitted_once(tmp_path, "ease", "these data", lambda work: (FOUND, 2.5))[0].keys() == FOUND.keys()


def test_code_that_is_edited_meanwhile_is_refused_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.fitted.changed", lambda code: ["retrieval/log.py"])
    with pytest.raises(BuildError, match=r"retrieval/log\.py was edited while this was running"):
        fitted_once(tmp_path, "ease", "these data", lambda work: (FOUND, 2.5))
    assert not list(tmp_path.glob("*.npz"))


def test_what_went_on_from_checkpoints_took_nobody_knows_how_long(tmp_path: Path) -> None:
    arrays, seconds = timed(lambda: FOUND, tmp_path / "none")
    assert arrays is FOUND
    assert 0 <= seconds < 5
    assert np.isnan(timed(lambda: FOUND, tmp_path)[1])
