"""Users are read from Parquet and JSON lines alike, and a row that cannot be used says why."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from llm_rerank.batch.users import Row, read_rows
from retrieval.errors import DatasetError


def lines(path: Path, *rows: str) -> list[Row]:
    file = path / "users.jsonl"
    file.write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    return list(read_rows(file))


def table(path: Path, columns: dict[str, Any]) -> list[Row]:
    pq.write_table(pa.table(columns), path / "users.parquet")
    return list(read_rows(path / "users.parquet"))


def test_both_kinds_hold_the_same(tmp_path: Path) -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    done = [{"item_id": "tea", "timestamp": when}]
    first = '{"user_id": "anna", "history": [{"item_id": "tea", "timestamp": "2026-01-02T00:00:00Z"}]}'
    of_lines = lines(tmp_path, first, '{"user_id": "ben", "item_ids": ["oat"]}')
    of_table = table(tmp_path, {"user_id": ["anna", "ben"], "history": [done, None], "item_ids": [None, ["oat"]]})
    assert of_lines == of_table
    assert of_lines[0].user is not None
    assert of_lines[0].user.history is not None
    assert of_lines[0].user.history[0].timestamp == when


def test_ids_may_be_numbers_and_a_history_item_ids(tmp_path: Path) -> None:
    (of_line,) = lines(tmp_path, '{"user_id": 7, "history": [1, "b"], "item_ids": [3]}')
    (of_table,) = table(tmp_path, {"user_id": [7], "history": [["1", "b"]], "item_ids": [[3]]})
    assert of_line == of_table
    assert of_line.user is not None
    assert (of_line.user.user_id, of_line.user.item_ids) == ("7", ["3"])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"user": "anna"}', "user_id: Field required (1 more)"),
        ('{"user_id": "anna", "colour": 1}', "colour: Extra inputs"),
        ('{"user_id": true}', "user_id"),
        ('{"user_id": ""}', "user_id"),
        ('{"user_id": "a\\u0000"}', "user_id"),
        ('{"user_id": "anna", "history": [{"item_id": "tea", "timestamp": "2026-01-01T00:00:00"}]}', "timestamp"),
        ('{"user_id": "\udcff"}', "Invalid JSON"),
        ('{"user_id": "anna", "history": ["' + "x" * 8_000_000 + '"]}', "longer than 8,000,000 bytes"),
        (f'{{"user_id": "anna", "item_ids": {[0] * 1001}}}', "item_ids: List should have at most 1000 items"),
    ],
)
def test_what_cannot_be_used_says_why_and_harms_nobody(tmp_path: Path, row: str, problem: str) -> None:
    bad, good = lines(tmp_path, row, '{"user_id": "ben"}')
    assert bad.user is None
    assert problem in bad.problem
    assert good.user is not None
    assert (good.number, good.user.user_id) == (2, "ben")


def test_empty_lines_count_and_are_nobody(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, "", "  ", '{"user_id": "ben"}', "")
    assert row.number == 3


def test_a_mark_of_byte_order_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"user_id": "ben"}')
    (row,) = read_rows(path)
    assert row.user is not None


def test_what_a_table_leaves_empty_was_left_out(tmp_path: Path) -> None:
    done = [{"item_id": "tea", "timestamp": None, "kind": None, "rating": None, "text": None}]
    (row,) = table(tmp_path, {"user_id": ["anna"], "history": [done]})
    assert row.user is not None
    assert row.user.history is not None
    assert (row.user.history[0].kind, row.user.history[0].text) == ("purchase", "")


def test_a_table_without_users_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="user_id must be there"):
        table(tmp_path, {"history": [["tea"]]})


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array(["anna"]), pa.array(["ben"])], names=["user_id", "user_id"])
    pq.write_table(twice, tmp_path / "users.parquet")
    with pytest.raises(DatasetError, match="each once"):
        list(read_rows(tmp_path / "users.parquet"))


def test_a_column_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="histroy"):
        table(tmp_path, {"user_id": ["a"], "histroy": [["tea"]]})


def test_a_cell_that_is_no_text_or_no_moment_harms_nobody_else(tmp_path: Path) -> None:
    ends, letters = (pa.py_buffer(bytes(raw)) for raw in ((0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0), b"\xffbc"))
    done = pa.list_(pa.struct({"item_id": pa.string(), "timestamp": pa.timestamp("us", "UTC")}))
    histories = pa.array([None, [{"item_id": "tea", "timestamp": 2**60}], None], done)
    names = pa.StringArray.from_buffers(3, ends, letters)
    no_text, no_moment, good = table(tmp_path, {"user_id": names, "history": histories})
    assert "a cell cannot be read ('utf-8' codec" in no_text.problem
    assert "date value out of range" in no_moment.problem
    assert (good.number, good.user and good.user.user_id) == (3, "c")


@pytest.mark.parametrize("name", ["users.csv", "absent.parquet", "absent.jsonl", "torn.parquet"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match=name):
        list(read_rows(tmp_path / name))
