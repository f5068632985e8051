"""The users' file becomes shards: each user once, in the file's order, the rest told apart."""

from pathlib import Path

import pytest

from llm_rerank.batch.rejects import read_rejects
from llm_rerank.batch.split import REJECTED, split_users, users_of


def split(users: Path, work: Path, limit: int | None = None) -> tuple[int, ...]:
    work.mkdir(exist_ok=True)
    return split_users(users, work, 4, history=500, limit=limit, on_user=lambda: None)


def names(work: Path, shards: int) -> list[str]:
    return [row.user.user_id for shard in range(shards) for row in users_of(work, shard) if row.user]


def test_each_user_is_in_one_shard_once(users: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert split(users, work) == (4, 4, 4)
    assert names(work, 3) == ["anna", "ben", "chloe", "dan", "eva", "of", "0", "1", "2", "3", "4", "5"]
    rejects = list(read_rejects(work / REJECTED))
    assert [reject.row for reject in rejects] == [6, 7, 9]
    assert (rejects[1].user_id, rejects[1].reason) == ("anna", "row 1 has this user already")


def test_a_limit_takes_the_first(users: Path, tmp_path: Path) -> None:
    assert split(users, tmp_path / "work", limit=6) == (4, 2)


def test_nobody_is_no_shard(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    assert split(tmp_path / "none.jsonl", tmp_path / "work") == ()


def test_what_was_split_is_not_split_again(users: Path, tmp_path: Path) -> None:
    counts = split(users, tmp_path / "work")
    users.unlink()
    assert split(users, tmp_path / "work") == counts
    assert not (tmp_path / "work" / "seen.sqlite").exists()


def test_of_a_long_history_the_newest_are_kept(tmp_path: Path) -> None:
    (tmp_path / "users.jsonl").write_text('{"user_id": "anna", "history": ["tea", "oat", "milk"]}')
    split_users(tmp_path / "users.jsonl", tmp_path, 4, history=2, on_user=lambda: None)
    (row,) = users_of(tmp_path, 0)
    assert [done.item_id for done in (row.user and row.user.history) or ()] == ["oat", "milk"]


@pytest.mark.parametrize("row", ['{"user_id": " "}', '{"user_id": "anna", "history": ["  "]}'])
def test_a_blank_id_is_nobody(tmp_path: Path, row: str) -> None:
    users, work = tmp_path / "users.jsonl", tmp_path / "work"
    users.write_text(f'{row}\n{{"user_id": "ben"}}')
    assert split(users, work) == (1,)
    (reject,) = read_rejects(work / REJECTED)
    assert (reject.row, "blank" in reject.reason or "empty" in reject.reason) == (1, True)
