"""Files that outlive a power cut: write_whole keeps an ended process from leaving half a file, this a machine too."""

import json
import os
from pathlib import Path

from retrieval.files import write_whole


def write_json_durably(path: Path, value: object) -> None:
    """What files.write_json does, and when this returns it is on the disk: the old file before, the new one after."""

    def write(part: Path) -> None:
        part.write_text(json.dumps(value, indent=1), encoding="ascii")
        sync(part)  # before it gets the name: a name may reach the disk before what it stands for

    write_whole(path, write)
    sync(path.parent)


def sync(path: Path) -> None:
    """Has a file's content, or the names in a folder, on the disk when it returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
