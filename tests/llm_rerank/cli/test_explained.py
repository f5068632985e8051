from errno import ENOSPC
from pathlib import Path

import pytest

from llm_rerank.cli.explained import explained
from retrieval.errors import TrainingError


def told(err: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end, explained("job"):
        raise err
    assert end.value.code == 1
    return capsys.readouterr().err


def test_what_we_can_explain_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    err = TrainingError("there are\nnone", field="steps", value=0, remedy="Ask for some.")
    assert told(err, capsys) == "job: steps=0: there are none. Ask for some.\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        (tmp_path / "file" / "new").mkdir()
    assert f"job: {tmp_path}/file/new: Not a directory. Check" in told(caught.value, capsys)


@pytest.mark.parametrize("err", [OSError(ENOSPC, "No space left on device"), OSError("No space left on device")])
def test_a_full_disk_says_so(err: OSError, capsys: pytest.CaptureFixture[str]) -> None:
    said = "job: a file: No space left on device. Check that it exists, is writable and has room.\n"
    assert told(err, capsys) == said


def test_a_reader_that_has_gone_is_no_full_disk() -> None:
    with pytest.raises(BrokenPipeError), explained("job"):
        raise BrokenPipeError
