"""`llm-rerank batch`, as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.progress import Progress

from llm_rerank.cli.batch import _Bars
from llm_rerank.models import PreparedModel

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, built_folder: Path, prepared: PreparedModel) -> Path:
    path = tmp_path / "batch.yaml"
    path.write_text(f"recommend: {{shop: {built_folder}, engine: {{kind: fake}}}}\ntop_n: 2\ncost_per_hour: 3.6\n")
    return path


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users.jsonl"
    path.write_text('{"user_id": "anna"}\n{"user_id": "ben"}\n{"user_id": "anna"}\n')
    return path


def test_a_file_of_users_becomes_a_folder_of_rankings(run: Run, config: Path, users: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, _ = run("batch", "--users", users, "--out", out, "--config", config)
    assert code == 0
    assert said.startswith(f"{out}: 2 rankings; rejected rows: 1; cost of 2 users: ")
    rows = pq.read_table(out / "rankings-00000.parquet").to_pylist()
    assert [(row["user_id"], len(row["items"])) for row in rows] == [("anna", 2), ("ben", 2)]


def test_as_json_it_is_the_manifest(run: Run, config: Path, users: Path, tmp_path: Path) -> None:
    code, said, _ = run("batch", "--users", users, "--out", tmp_path / "out", "--config", config, "--json")
    assert code == 0
    assert json.loads(said) == json.loads((tmp_path / "out" / "manifest.json").read_text())


def test_a_dry_run_says_how_long_and_keeps_nothing(run: Run, config: Path, users: Path, tmp_path: Path) -> None:
    code, said, _ = run("batch", "--users", users, "--out", tmp_path / "out", "--config", config, "--dry-run", "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["users"], told["shards"], told["tried"]) == (2, 1, 2)
    assert told["rejected"] == {"row 1 has this user already": 1}
    assert told["hours"] == pytest.approx(2 / told["users_per_second"] / 3600)
    assert told["cost"] == pytest.approx(3.6 * told["hours"])
    assert not (tmp_path / "out").exists()


def test_a_dry_run_for_people(run: Run, config: Path, users: Path, tmp_path: Path) -> None:
    code, said, _ = run("batch", "--users", users, "--out", tmp_path / "out", "--config", config, "--dry-run")
    first, second = said.splitlines()
    assert code == 0
    assert first.startswith("2 users in 1 files: 0:00:")
    assert ", at a cost of " in first
    assert second == "rejected: 1 with 'row 1 has this user already'"


def test_what_an_earlier_run_left_is_told() -> None:
    with Progress(disable=True) as progress:
        bars, fresh = _Bars(progress, None), _Bars(progress, None)
        for users in (5, 3):
            bars.ranks(users, of=8)
        for users in (0, 8):
            fresh.ranks(users, of=8)
    assert (bars.kept(), fresh.kept()) == (", 5 of them kept from an earlier run", "")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("users.csv", "anna", "users come as Parquet or as JSON lines"),
        ("users.parquet", "PAR1 and no more", "cannot be read"),
    ],
)
def test_a_file_that_is_none(run: Run, config: Path, tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    code, _, told = run("batch", "--users", tmp_path / name, "--out", tmp_path / "out", "--config", config)
    assert code == 1
    assert not (tmp_path / "out").exists()
    assert why in told
    assert "Traceback" not in told
