import subprocess
import sys
from pathlib import Path
from random import Random

import psutil
import pytest
import yaml

from benchmarks.batch.jobs import Command, kill
from benchmarks.batch.kills import (
    Killed,
    Moment,
    Tried,
    compared,
    counted,
    jobs_table,
    kill_promises,
    killed_at,
    moments,
    phase,
    rows_of,
    undisturbed,
)
from llm_rerank.batch.config import BatchConfig
from llm_rerank.config import EngineConfig, RecommendConfig
from retrieval.errors import EngineError


@pytest.fixture
def command(built_folder: Path, tmp_path: Path) -> Command:
    recommend = RecommendConfig(shop=built_folder, engine=EngineConfig(kind="fake"), candidates=4)
    users = tmp_path / "users.jsonl"
    users.write_text('{"user_id": "anna"}\n{"user_id": "ben"}\n')
    return Command.of(BatchConfig(recommend=recommend, shard_users=1), users, tmp_path / "out")


def test_moments_are_of_every_phase_and_come_in_its_order() -> None:
    asked = moments(20, 100, Random(0))
    assert [moment.phase for moment in asked] == 4 * ["reading"] + 11 * ["ranking"] + 4 * ["finishing"] + ["clearing"]
    shards = [moment.shards for moment in asked if moment.phase == "ranking"]
    assert shards == sorted(shards)
    assert asked == moments(20, 100, Random(0))


def test_a_phase_is_told_by_what_lies_there(tmp_path: Path) -> None:
    seen = [phase(tmp_path, 2)]
    (tmp_path / "work").mkdir()
    for name in ("work/begun.json", "work/split.json", "rankings-0.parquet", "rankings-1.parquet", "manifest.json"):
        (tmp_path / name).touch()
        seen.append(phase(tmp_path, 2))
    assert seen == ["", "reading", "ranking", "ranking", "finishing", "clearing"]


def test_files_are_compared_by_their_bytes(tmp_path: Path) -> None:
    for folder, texts in (("one", {"same": "a", "other": "b", ".lock": ""}), ("two", {"same": "a", "other": "c"})):
        (tmp_path / folder / "work").mkdir(parents=True)
        for name, text in texts.items():
            (tmp_path / folder / name).write_text(text)
    (tmp_path / "two" / "work" / "left").touch()
    assert compared(tmp_path / "one", tmp_path / "two") == ("other", "work/left")


@pytest.mark.slow
def test_a_job_that_is_killed_can_be_told_from_one_that_ends(command: Command) -> None:
    found = killed_at(command, Moment(phase="ranking"), 2, {})
    assert found is not None
    assert (found.phase, found.shards < 2) == ("ranking", True)
    seconds = undisturbed(command, 2)
    assert set(seconds) >= {"", "ranking"}
    assert counted(command.out) == {"anna": 1, "ben": 1}
    assert killed_at(command, Moment(phase="reading"), 2, {}) is None


def test_a_job_that_fails_says_what_it_said(command: Command) -> None:
    told = yaml.safe_load(command.config.read_text())
    command.config.write_text(yaml.safe_dump(told | {"shard_users": 0}))
    with command.started() as process, pytest.raises(EngineError, match="shard_users"):
        command.require_done(process)


def test_all_of_a_process_group_is_killed() -> None:
    nap = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']).pid)"
    command = [sys.executable, "-c", f"{nap}; sys.stdout.flush(); sys.stdin.read()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with psutil.Popen(command, **pipes, text=True, process_group=0) as process:
        child = psutil.Process(int(process.stdout.readline()))
        assert kill(process)
        child.wait(10)
    assert not kill(process)


def test_rows_of_which_nothing_comes_are_among_the_users() -> None:
    rows = list(rows_of(["tea", "milk"], 40, seed=0))
    names = [row["user_id"] for row in rows]
    assert {name for name in names if name.startswith("user-")} == {f"user-{number}" for number in range(40)}
    assert sum(row.get("item_ids") == ["no such item"] for row in rows) + len(names) - len(set(names)) == 20


def test_a_file_that_differs_breaks_the_promise() -> None:
    kills = tuple(Killed(phase=name, shards=1, seconds=2) for name in ("reading", "ranking", "finishing"))
    one = Tried(
        engine="fake", undisturbed=1, disturbed=9, kills=kills, different=("manifest.json",), users=2, lost=0, twice=0
    )
    assert [promise.verdict for promise in kill_promises([one], 3)] == ["met", "met", "not met", "met", "met"]
    assert jobs_table([one]).rows == (("fake", "2", "1", "1", "1", "0", "1", "9", "1"),)
