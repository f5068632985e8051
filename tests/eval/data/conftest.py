"""Small benchmark files: `write(folder, name, text)` makes one of them."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]

SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def one(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()))
        return path

    return one


@pytest.fixture
def published() -> Callable[[str], Path]:
    """The folder of a published data set; skips the test where it is not on this machine."""

    def find(name: str) -> Path:
        folder = SHARED / name
        if not folder.exists():
            pytest.skip(f"the published files are not at {folder}")
        return folder

    return find
