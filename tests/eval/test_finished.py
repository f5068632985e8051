from pathlib import Path

import pandas as pd
import pytest

from eval.finished import RESULT, FinishedRun, read_result, read_users, write_users
from eval.result import Result
from retrieval.errors import BuildError
from retrieval.files import write_json

HITS = pd.DataFrame({"hit@1": [1.0, 0.0]})


def test_users_and_their_figures_come_back(tmp_path: Path) -> None:
    write_users(tmp_path, "knn", ["anna", "no text \udcff"], HITS)
    assert read_users(tmp_path, "knn")["hit@1"].to_dict() == {"anna": 1.0, "no text \udcff": 0.0}


def test_a_run_is_its_result_and_its_users(result: Result, tmp_path: Path) -> None:
    write_json(tmp_path / RESULT, result.to_json())
    for name in ("blend", "knn", "popular"):
        write_users(tmp_path, name, ["anna", "ben"], HITS)
    run = FinishedRun.read(tmp_path)
    assert run.result == result
    assert run.minus(run, "knn", "knn", "hit@1").difference.mean == 0


def test_a_run_that_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no finished run"):
        read_result(tmp_path)


@pytest.mark.parametrize("text", ['{"benchmark": "beauty"}', "[]", "{"])
def test_a_result_that_was_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / RESULT).write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match=r"metrics\.json is missing, cut short or damaged"):
        read_result(tmp_path)


@pytest.mark.parametrize("keep", [0, 20, 300])
def test_a_users_file_that_was_cut_short(tmp_path: Path, keep: int) -> None:
    write_users(tmp_path, "knn", ["anna", "ben"], HITS)
    path = tmp_path / "users" / "knn.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BuildError, match=r"knn\.parquet is missing"):
        read_users(tmp_path, "knn")


def test_a_parquet_file_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    HITS.to_parquet(tmp_path / "users" / "knn.parquet")
    with pytest.raises(BuildError, match="damaged"):
        read_users(tmp_path, "knn")
