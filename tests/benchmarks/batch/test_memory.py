import json
from pathlib import Path

import psutil

from benchmarks.batch.memory import Remembered, long_histories, long_lines, memory_of, memory_promises, memory_table
from llm_rerank.batch.users import read_rows

FLAT = Remembered(users="3 users", seconds=10.0, resident=((0.0, 10**9), (5.0, 2 * 10**9)), peak=3 * 10**9)


def test_memory_is_told_as_time_passes() -> None:
    assert [FLAT.at(share) for share in (0.0, 0.4, 0.5, 1.0)] == [10**9, 10**9, 2 * 10**9, 2 * 10**9]
    assert memory_table([FLAT]).rows == (("3 users", "10", "3.00", "1.00", "1.00", "2.00", "2.00", "2.00"),)
    (promise,) = memory_promises([FLAT])
    assert promise.row == ("peak resident memory, 3 users", "below 4 GB", "3 GB", "met")


def test_a_process_is_counted_with_its_peak() -> None:
    now, most = memory_of(psutil.Process())
    assert 10**7 < now <= most


def test_long_histories_are_read_and_lines_that_are_too_long_are_not(tmp_path: Path) -> None:
    users = tmp_path / "users.jsonl"
    users.write_text("\n".join(json.dumps(next(rows(["tea"]))) for rows in (long_histories,)))
    (long,) = read_rows(users)
    assert long.user is not None
    assert len(long.user.history or ()) == 100_000
    (whole, beyond) = (len(json.dumps(row)) for row, _ in zip(long_lines(["tea"]), range(2), strict=False))
    assert whole < 8_000_000 < beyond
