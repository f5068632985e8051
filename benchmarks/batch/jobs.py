"""A batch job as its operator runs it: a file of made-up users, a configuration, and a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil
import yaml

from llm_rerank.batch.config import BatchConfig
from llm_rerank.config import EngineConfig
from llm_rerank.engines.base import Kind
from retrieval.config import read_config
from retrieval.errors import EngineError

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = Path("configs/batch.yaml")
_JOB: Final = "from llm_rerank.cli import main; main()"  # llm-rerank, of this checkout


def job_config(engine: Kind, *, candidates: int, **changes: Any) -> BatchConfig:
    """The demo's with that engine; without its writer, whom nobody asks for reasons."""
    config = read_config(CONFIG, BatchConfig)
    asked = {"engine": EngineConfig(kind=engine), "candidates": candidates, "writer_adapter": None}
    return config.model_copy(update={"recommend": config.recommend.model_copy(update=asked), **changes})


def made_up_users(
    items: Sequence[str], count: int, *, longest: int, seed: int, retrieved: int = 1, named: int = 0
) -> Iterator[Mapping[str, Any]]:
    """So many, with up to `longest` purchases each. One in `retrieved` has candidates of retrieval's, the others name
    `named` items.
    """
    dice = Random(seed)
    for number in range(count):
        user = {"user_id": f"user-{number}", "history": dice.choices(items, k=dice.randint(0, longest))}
        yield user if number % retrieved == 0 else user | {"item_ids": dice.sample(items, named)}


def write_lines(path: Path, rows: Iterator[Mapping[str, Any]]) -> Path:
    """As JSON lines."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """`llm-rerank batch`, to be run once or several times."""

    config: Path
    users: Path
    out: Path
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: BatchConfig, users: Path, out: Path, *options: str) -> "Command":
        """Its configuration lies beside `out`."""
        file = out.with_suffix(".yaml")
        file.write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
        return cls(config=file, users=users, out=out, options=options)

    @contextmanager
    def started(self) -> Iterator[psutil.Popen]:
        """In a process group of its own, on one thread; it is ended with the block."""
        told = ["--config", self.config, "--users", self.users, "--out", self.out, *self.options]
        log = self.out.with_suffix(".log")
        with log.open("ab") as said:
            process = psutil.Popen(
                [sys.executable, "-c", _JOB, "batch", *map(str, told)],
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
                process_group=0,
            )
        try:
            yield process
        finally:
            kill(process)

    def require_done(self, process: psutil.Popen) -> None:
        """Raises EngineError for a job that has not ended well."""
        if process.wait() != 0:
            said = self.out.with_suffix(".log").read_text(encoding="utf-8", errors="replace")[-3000:]
            raise EngineError(f"the job has failed: {said}", field="out", value=str(self.out), remedy="Read its log")


def kill(process: psutil.Popen) -> bool:
    """kill -9, for it and all that is in its group: whether it was still there."""
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return bool(process.wait() == -signal.SIGKILL)
