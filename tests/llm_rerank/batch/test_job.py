"""A job's files are the same however it came to them, and hold each user once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.here import rank_here
from llm_rerank.batch.job import Job
from llm_rerank.batch.rejects import read_rejects
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from retrieval.errors import BuildError, DatasetError

Run = Callable[..., dict[str, Any]]


def rows(out: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob("rankings-*.parquet")) for row in pq.read_table(path).to_pylist()]


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def test_every_user_has_the_ranking_that_a_request_gets(run: Run, config: BatchConfig, tmp_path: Path) -> None:
    manifest = run(tmp_path / "out")
    found = {row["user_id"]: row for row in rows(tmp_path / "out")}
    assert list(found) == ["anna", "ben", "chloe", "dan", "eva", *"012345"]
    assert (manifest["users"], manifest["rejected"]) == (11, 4)
    recommender = Recommender.open(config.recommend)
    for name in ("anna", "eva"):
        history = recommender.shop.log.history(name)
        asked = recommender.recommend(RankingRequest(history=history, top_n=3))
        items = found[name]["items"]
        assert [item["item_id"] for item in items] == [one.item.item_id for one in asked.items]
        assert [item["llm_score"] for item in items] == pytest.approx([one.llm_score for one in asked.items])
        assert found[name]["known_items"] == len(history.item_ids)


def test_rows_of_which_nothing_comes_say_why(run: Run, tmp_path: Path) -> None:
    run(tmp_path / "out")
    told = {reject.row: (reject.user_id, reject.reason) for reject in read_rejects(tmp_path / "out" / "rejects.jsonl")}
    assert sorted(told) == [6, 7, 8, 9]
    assert told[8] == ("of", "item_ids: the catalogue has no 'caviar'")


def test_reasons_where_they_are_asked_for(run: Run, tmp_path: Path) -> None:
    run(tmp_path / "out", explained=1, limit=2)
    items = rows(tmp_path / "out")[0]["items"]
    assert items[0]["explanation"]["text"]
    assert items[1]["explanation"] is None


def test_what_was_interrupted_goes_on_to_the_same_bytes(run: Run, counts: Any, tmp_path: Path) -> None:
    def stops(config: BatchConfig, out: Path, shards: Any, on_users: Any) -> None:
        rank_here(config, out, shards[:1], on_users)
        raise KeyboardInterrupt

    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    run(whole)
    with pytest.raises(KeyboardInterrupt):
        run(resumed, stops)
    assert not (resumed / "manifest.json").exists()
    counts.ranked.clear()
    run(resumed)
    assert counts.ranked[0] == 4  # of the first shard, which is not ranked again
    assert (sum(counts.ranked), counts.of) == (12, 12)
    assert files(whole) == files(resumed)
    assert not (resumed / "work").exists()


def test_a_finished_job_does_nothing_again(run: Run, tmp_path: Path) -> None:
    def fails(*_: Any) -> None:
        raise AssertionError

    assert run(tmp_path / "out") == run(tmp_path / "out", fails)


@pytest.mark.parametrize("changes", [{"top_n": 2}, {"limit": 3}, {"history": 2}])
def test_a_folder_of_another_job_is_refused(run: Run, tmp_path: Path, changes: dict[str, Any]) -> None:
    run(tmp_path / "out")
    with pytest.raises(BuildError, match="with other settings"):
        run(tmp_path / "out", **changes)


def test_other_users_are_another_job(run: Run, users: Path, tmp_path: Path) -> None:
    run(tmp_path / "out")
    users.write_text('{"user_id": "anna"}')
    with pytest.raises(BuildError, match="of other data"):
        run(tmp_path / "out")


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent"):
        run(tmp_path / "out", of=tmp_path / "absent.jsonl")


def test_a_column_that_nobody_reads_can_be_mended(run: Run, tmp_path: Path) -> None:
    users = tmp_path / "users.parquet"
    pq.write_table(pa.table({"user_id": ["anna"], "histroy": [["tea"]]}), users)
    with pytest.raises(DatasetError, match="histroy"):
        run(tmp_path / "out", of=users)
    pq.write_table(pa.table({"user_id": ["anna"], "history": [["tea"]]}), users)
    assert run(tmp_path / "out", of=users)["users"] == 1


def test_a_file_that_grows_while_it_is_read(config: BatchConfig, users: Path, tmp_path: Path) -> None:
    class Grows:
        def reads(self, _: int) -> None:
            with users.open("a") as file:
                file.write('\n{"user_id": "late"}')

        def ranks(self, users: int, *, of: int) -> None: ...

    with pytest.raises(DatasetError, match="has changed while it was read"):
        Job(config=config, users=users, out=tmp_path / "out", limit=3).run(rank_here, Grows())


def test_a_shard_that_is_not_whole_is_ranked_again(run: Run, tmp_path: Path) -> None:
    def cut_short(config: BatchConfig, out: Path, shards: Any, on_users: Any) -> None:
        rank_here(config, out, shards, on_users)
        (out / "rankings-00001.parquet").write_bytes(b"PAR1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", cut_short)
    run(tmp_path / "out")
    run(tmp_path / "whole")
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_finished_job_of_which_a_file_is_gone_says_so(run: Run, tmp_path: Path) -> None:
    run(tmp_path / "out")
    (tmp_path / "out" / "rankings-00001.parquet").unlink()
    with pytest.raises(BuildError, match="not there any more"):
        run(tmp_path / "out")


@pytest.mark.parametrize("changes", [{"users_at_once": 2}, {"cost_per_hour": 3.0}])
def test_what_no_ranking_depends_on_may_change(run: Run, tmp_path: Path, changes: dict[str, Any]) -> None:
    assert run(tmp_path / "out") == run(tmp_path / "out", **changes)


def test_a_file_of_another_kind_is_no_job(run: Run, users: Path, tmp_path: Path) -> None:
    users.write_text('[{"user_id": "anna"},\n {"user_id": "ben"}]')
    with pytest.raises(DatasetError, match="no row can be used; row 1: Invalid JSON"):
        run(tmp_path / "out")


def test_killed_again_and_again_it_ends_with_the_same_files(
    run: Run, config: BatchConfig, users: Path, tmp_path: Path
) -> None:
    """Each time after three users more: within the first shard, at its end, within the second..."""
    whole, killed, settings = tmp_path / "whole", tmp_path / "killed", tmp_path / "settings.json"
    one_by_one = config.model_copy(update={"users_at_once": 1})
    run(whole, users_at_once=1)
    settings.write_text(one_by_one.model_dump_json())
    command = [sys.executable, Path(__file__).with_name("slow_job.py"), settings, users, killed]
    here = os.environ | {"PYTHONPATH": str(Path.cwd())}
    for kills in range(20):
        with subprocess.Popen(command, env=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
            assert job.stdout is not None
            wanted = 3 * kills + 2
            if len(list(islice(job.stdout, wanted))) == wanted:
                job.kill()
        if job.returncode == 0:
            break
        assert job.returncode == -signal.SIGKILL
    assert kills > 2
    assert files(killed) == files(whole)
