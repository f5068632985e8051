import os
from pathlib import Path

import pytest

from retrieval.durable import write_json_durably
from retrieval.files import read_json


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    write_json_durably(tmp_path / "new" / "a.json", {"title": "\ud83d"})
    assert read_json(tmp_path / "new" / "a.json") == {"title": "\ud83d"}


def test_content_is_on_the_disk_before_its_name_and_its_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced = tmp_path / "a.json", []

    def fsync(handle: int) -> None:
        names = {place.stat().st_ino: place.name for place in (tmp_path, *tmp_path.iterdir())}
        synced.append((names[os.fstat(handle).st_ino], read_json(path)))

    write_json_durably(path, "old")
    monkeypatch.setattr(os, "fsync", fsync)
    write_json_durably(path, "new")
    assert synced == [(".a.json.part", "old"), (tmp_path.name, "new")]
