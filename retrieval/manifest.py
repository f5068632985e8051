"""What a build folder was made from, and proof that it is whole."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, ValidationError

from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import checksum, read_json, unreadable, write_json
from retrieval.settings import Settings

MANIFEST = "manifest.json"
PLAN = "plan.json"
Model = TypeVar("Model", bound=Settings)
_PACKAGES = ("llm-rerank", "numpy", "faiss-cpu", "lenskit", "sentence-transformers")


class Plan(Settings):
    """What a build is made from: two folders of one plan hold the same."""

    format: int = 1
    """How the files are laid out."""

    data: str
    """The shop's fingerprint."""

    embedder: str
    """The embedder's name, which names its version too."""

    config: dict[str, Any]
    """The RetrievalConfig."""

    trained: dict[str, str] = Field(default_factory=dict)
    """What the retrievers that are taken as trained were made from, by the folder they lie in."""

    def differences(self, other: Self) -> str:
        """`other` against this as one line, the first few keys that differ; empty where they are the same."""
        return differences(self.model_dump(), other.model_dump())


class Manifest(Settings):
    """Written last: a folder that has one is finished."""

    plan: Plan
    versions: dict[str, str]
    """The packages that made the files."""

    files: dict[str, str]
    """The sha256 of every file, by its path in the folder."""

    @classmethod
    def of(cls, plan: Plan, folder: Path) -> Self:
        """The manifest of a folder in which all stages are done."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in {MANIFEST, PLAN})
        files = {path.relative_to(folder).as_posix(): checksum(path) for path in paths}
        return cls(plan=plan, versions=installed(_PACKAGES), files=files)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The folder's manifest; raises BuildError for a folder that is not there or not finished."""
        if not (folder / MANIFEST).exists():
            problem = "this build was never finished" if (folder / PLAN).exists() else "this is no build folder"
            raise BuildError(
                problem, field="folder", value=str(folder), remedy=f"Run `llm-rerank build --out {folder}` first."
            )
        return _read(cls, folder / MANIFEST)

    def write(self, folder: Path) -> None:
        """Marks the folder as finished."""
        write_json(folder / MANIFEST, self.model_dump(mode="json"))

    def verify(self, folder: Path) -> None:
        """Raises BuildError naming the first file that is not what was written."""
        with ThreadPoolExecutor() as pool:
            whole = pool.map(lambda name: _is_whole(folder / name, self.files[name]), self.files)
            for name, is_whole in zip(self.files, whole, strict=True):
                if not is_whole:
                    raise unreadable(folder / name)


def read_plan(folder: Path) -> Plan:
    """The plan of a build that was begun."""
    return _read(Plan, folder / PLAN)


def write_plan(plan: Plan, folder: Path) -> None:
    """Says, before anything else is written, what the folder is going to hold."""
    write_json(folder / PLAN, plan.model_dump(mode="json"))


def _read(model: type[Model], path: Path) -> Model:
    try:
        return model.model_validate(read_json(path))
    except ValidationError as err:
        raise unreadable(path) from err


def _is_whole(path: Path, expected: str) -> bool:
    try:
        return checksum(path) == expected
    except OSError:
        return False


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The versions of those packages that are installed."""
    return dict(_versions(packages))


def _versions(packages: Iterable[str]) -> Iterator[tuple[str, str]]:
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
