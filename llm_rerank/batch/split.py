"""The first stage of a job: the users' file becomes shards of users who can be ranked, each once, and rejects."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

from llm_rerank.batch.histories import with_newest
from llm_rerank.batch.rejects import Reject, as_line
from llm_rerank.batch.seen import Seen, seeing
from llm_rerank.batch.users import BatchUser, Row, read_rows
from retrieval.errors import RecordError
from retrieval.files import read_json, write_json, write_whole

REJECTED: Final = "rejects-read.jsonl"
_SPLIT: Final = "split.json"


def split_users(
    users: Path,
    work: Path,
    shard_users: int,
    *,
    history: int,
    limit: int | None = None,
    on_user: Callable[[], object],
) -> tuple[int, ...]:
    """How many users each shard has; `limit` takes the first so many. `on_user` hears of each that is taken.

    Of their own histories the newest `history` interactions are kept.

    What was split before is not split again: whoever calls has made sure that it was the same file.
    """
    done = work / _SPLIT
    if not done.exists():
        with seeing(work / "seen.sqlite") as seen, (work / REJECTED).open("w", encoding="ascii") as rejected:
            rows = (_shortened(row, history) for row in read_rows(users))
            taken = _taken(rows, seen, lambda reject: rejected.write(as_line(reject)), on_user)
            counts = [_write(work, *shard) for shard in enumerate(_groups(islice(taken, limit), shard_users))]
        write_json(done, counts)
    return tuple(read_json(done))


def users_of(work: Path, shard: int) -> list[Row]:
    """Those of one shard, in the file's order."""
    with _path(work, shard).open(encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    return [Row(number=one["row"], user=BatchUser.model_validate(one["user"])) for one in told]


def _shortened(row: Row, history: int) -> Row:
    if row.user is None:
        return row
    try:
        return Row(number=row.number, user=with_newest(row.user, history))
    except RecordError as err:
        return Row(number=row.number, problem=str(err))


def _taken(
    rows: Iterable[Row], seen: Seen, reject: Callable[[Reject], object], on_user: Callable[[], object]
) -> Iterator[Row]:
    for row in rows:
        if row.user is None:
            reject(Reject(row=row.number, user_id=None, reason=row.problem))
        elif (before := seen.before(row.user.user_id, row.number)) is not None:
            reject(Reject(row=row.number, user_id=row.user.user_id, reason=f"row {before} has this user already"))
        else:
            on_user()
            yield row


def _groups(rows: Iterator[Row], most: int) -> Iterator[Iterator[Row]]:
    for first in rows:
        yield chain([first], islice(rows, most - 1))


def _write(work: Path, shard: int, rows: Iterable[Row]) -> int:
    count = 0

    def write(part: Path) -> None:
        nonlocal count
        with part.open("w", encoding="utf-8") as file:
            for row in rows:
                assert row.user is not None
                user = row.user.model_dump(mode="json", exclude_none=True)
                file.write(f"{json.dumps({'row': row.number, 'user': user})}\n")
                count += 1

    write_whole(_path(work, shard), write)
    return count


def _path(work: Path, shard: int) -> Path:
    return work / f"users-{shard:05}.jsonl"
