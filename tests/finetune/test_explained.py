from errno import ENOSPC
from pathlib import Path

import pytest

from finetune.explained import explained
from retrieval.errors import TrainingError


def test_what_we_can_explain_is_one_line() -> None:
    with pytest.raises(SystemExit, match=r"^job: steps=0: there are none\. Ask for some\.$"), explained("job"):
        raise TrainingError("there are none", field="steps", value=0, remedy="Ask for some.")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"^job: /.*/file/new: Not a directory\. Check"), explained("job"):
        (tmp_path / "file" / "new").mkdir()


@pytest.mark.parametrize("err", [OSError(ENOSPC, "No space left on device"), OSError("No space left on device")])
def test_a_full_disk_says_so(err: OSError) -> None:
    with pytest.raises(SystemExit, match=r"^job: a file: No space left on device\. .* has room\.$"), explained("job"):
        raise err
