"""The service as its operator runs it: a process of its own, to which things are done."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from time import monotonic, sleep
from typing import Final

import httpx2
import psutil
import yaml

from llm_rerank.service.config import ServeConfig
from retrieval.errors import EngineError
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore

ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 900.0
_END_SECONDS: Final = 60.0
_AT_MODEL: Final = re.compile(r"^llm_rerank_(running|waiting) (\S+)$", re.MULTILINE)
_SERVE: Final = "from llm_rerank.cli import main; main()"  # llm-rerank, of this checkout


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One that is ready."""

    config: ServeConfig
    process: psutil.Popen
    headers: Mapping[str, str]
    """With a key for everything."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.config.host}:{self.config.port}"

    @property
    def engine(self) -> psutil.Process:
        """vLLM's own process; raises EngineError where there is none, as while it is started again."""
        for child in self.process.children(recursive=True):
            if "EngineCore" in " ".join(child.cmdline()):
                return child
        raise EngineError("it has no process of an engine", field="engine", remedy="Use engine: {kind: vllm}")

    @property
    def busy(self) -> int:
        """How many requests have a place at the model or wait for one, as /metrics says."""
        said = dict(_AT_MODEL.findall(httpx2.get(f"{self.url}/metrics", headers=self.headers, timeout=60).text))
        return int(float(said["running"]) + float(said["waiting"]))

    def client(self) -> httpx2.Client:
        """A caller's connections; no TLS, whose certificates would be read by each."""
        return httpx2.Client(headers=self.headers, verify=False)

    def descendants(self) -> list[psutil.Process]:
        """All that it has started."""
        return list(self.process.children(recursive=True))


@contextmanager
def serving(config: ServeConfig, folder: Path) -> Iterator[Served]:
    """Starts it, at a free port, with its configuration and its log in `folder`, and ends it with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    config = config.model_copy(update={"port": _free_port()})
    headers = {"Authorization": f"Bearer {_new_key(config)}", "Content-Type": "application/json"}
    file, log = folder / "serve.yaml", folder / "serve.log"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
    command = [sys.executable, "-c", _SERVE, "serve", "--config", str(file)]
    with log.open("wb") as out:
        process = psutil.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=_environment())
    try:
        served = Served(config=config, process=process, headers=headers)
        _wait_until_ready(served, log)
        yield served
    finally:
        _end(process)


def _environment() -> dict[str, str]:
    """One thread for each process: on few cores they would otherwise wait for each other, and for whoever asks."""
    return os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def _free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _new_key(config: ServeConfig) -> str:
    database = Database.open(config.database)
    try:
        key, _ = KeyStore(database).create(config.tenant, ("read", "write", "admin"), per_minute=10_000_000)
    finally:
        database.close()
    return key


def _wait_until_ready(served: Served, log: Path) -> None:
    begun = monotonic()
    while monotonic() - begun < _START_SECONDS and served.process.poll() is None:
        try:
            if httpx2.get(f"{served.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx2.TransportError:
            sleep(0.5)
    said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise EngineError(f"the service does not get ready: {said}", field="log", value=str(log), remedy="Read it")


def _end(process: psutil.Popen) -> None:
    """And all that it started; a process that was stopped cannot end before it goes on."""
    started = process.children(recursive=True) if process.is_running() else []
    for one in started:
        _tell(one, signal.SIGCONT)
    _tell(process, signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait()
    for left in psutil.wait_procs(started, timeout=10)[1]:
        _tell(left, signal.SIGKILL)


def _tell(process: psutil.Process, what: signal.Signals) -> None:
    if process.is_running():
        process.send_signal(what)
