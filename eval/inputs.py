"""What a run reads: whether it still is what it was, seen at a glance, and told for sure by digests."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from eval.config import EvalConfig, RankingsFileConfig
from eval.data.base import Benchmark
from retrieval.errors import DatasetError
from retrieval.files import checksum


def at_a_glance(config: EvalConfig) -> dict[str, list[int]]:
    """Size and time of change of each file that the configuration names, alone or as one of a folder, by path."""
    files = (file for path in _paths(config) for file in (sorted(path.glob("*")) if path.is_dir() else [path]))
    return {str(file): [file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.is_file()}


def digests(config: EvalConfig, benchmark: Benchmark) -> dict[str, str]:
    """Of the data and the candidates it gives, and of each file of rankings; raises DatasetError for an absent one."""
    given = sha256(repr(sorted((benchmark.given or {}).items())).encode()).hexdigest()[:16]
    ranked = {
        system.name: _checksum(system.answers.path)
        for system in config.systems
        if isinstance(system.answers, RankingsFileConfig)
    }
    return {"data": f"{benchmark.shop.fingerprint}-{given}"} | ranked


def _paths(value: object) -> Iterator[Path]:
    """Every path in these settings, at any depth."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from _paths([part for _, part in value])
    elif isinstance(value, Mapping):
        yield from _paths(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(part)


def _checksum(path: Path) -> str:
    try:
        return checksum(path)
    except OSError as err:
        raise DatasetError(
            "there is no such rankings file",
            field="path",
            value=str(path),
            remedy="Make it first; see eval/peers/README.md.",
        ) from err
