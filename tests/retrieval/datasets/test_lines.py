import gzip
from pathlib import Path

import pytest

from retrieval.datasets.lines import read_lines
from retrieval.errors import DatasetError


def test_plain_and_gzip_read_alike_whatever_they_are_called(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed.txt"
    plain.write_bytes("eins\n\nzwei é\n".encode())
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_lines(plain)) == list(read_lines(packed)) == [(1, "eins"), (3, "zwei é")]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfone\n")
    assert list(read_lines(path)) == [(1, "one")]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    assert list(read_lines(path)) == []


def test_a_file_cut_off_names_itself_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    whole = gzip.compress(b"".join(b"%d\n" % number for number in range(50_000)))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"cut\.gz.*line [\d,]+: the file is cut off") as caught:
        list(read_lines(path))
    assert isinstance(caught.value.__cause__, EOFError)


def test_a_damaged_file_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "damaged.gz"
    packed = bytearray(gzip.compress(b"line\n" * 1000))
    packed[12:20] = b"\xff" * 8
    path.write_bytes(packed)
    with pytest.raises(DatasetError, match=r"damaged\.gz.*cut off or damaged"):
        list(read_lines(path))


def test_a_line_that_is_not_utf8_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("ok\nMisérables\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="line 2: this is not UTF-8"):
        list(read_lines(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.txt.*No such file"):
        list(read_lines(tmp_path / "none.txt"))
