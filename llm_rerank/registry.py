"""A registry: a folder of adapters by the id of their content, and of each channel what is live in it.

REGISTRY/ADAPTER_ID/    adapter_model.safetensors, adapter_config.json, adapter.json; never changed
REGISTRY/channels.json  the only file that changes, whole (see channels)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from re import fullmatch
from shutil import copyfile, rmtree
from typing import Final

from llm_rerank.adapters import FILES, Adapter
from llm_rerank.channels import Channels
from retrieval.alone import alone
from retrieval.durable import sync
from retrieval.errors import BuildError, ConfigError

REGISTRY: Final = Path("var/adapters")
_UNFINISHED: Final = ".adding"


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """What a promotion or a rollback did; nothing where `before` is the same adapter."""

    channel: str
    live: Adapter
    before: str | None
    """The id of what was live until then."""


class Registry:
    """Adapters in a folder. Any number of processes read it; those that change it take turns."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not be there until something is added."""
        self.folder = folder

    def add(self, folder: Path) -> tuple[Adapter, bool]:
        """Copies an adapter from its folder, and says whether it is new here: the same content twice is one adapter.

        Interrupted, killed or without room it leaves the registry as it was. Raises BuildError for a folder without
        a whole adapter, and where the registry cannot be written.
        """
        adapter_id = Adapter.read(folder).adapter_id
        with self._changing():
            if adapter_id in self.adapter_ids():
                return self.get(adapter_id), False
            part = self.folder / _UNFINISHED
            rmtree(part, ignore_errors=True)  # of a process that was killed
            try:
                _copy(folder, part, adapter_id)
                part.replace(self.folder / adapter_id)
            finally:
                rmtree(part, ignore_errors=True)
            sync(self.folder)
            return self.get(adapter_id), True

    def adapter_ids(self) -> tuple[str, ...]:
        """The ids of all that is here, whole or not, in order."""
        if not self.folder.is_dir():
            return ()
        return tuple(sorted(path.name for path in self.folder.iterdir() if fullmatch("[0-9a-f]{12}", path.name)))

    def get(self, prefix: str) -> Adapter:
        """The one adapter whose id begins so, whole.

        Raises ConfigError where none or several do, and BuildError for one that is damaged.
        """
        adapter_id = self._find(prefix)
        folder = self.folder / adapter_id
        try:
            adapter = Adapter.read(folder)
        except BuildError as err:
            raise _damaged(folder, err.problem) from err
        if adapter.adapter_id != adapter_id:
            raise _damaged(folder, f"the adapter in it is {adapter.adapter_id}")
        return adapter

    def channels(self) -> Channels:
        """What is live; raises BuildError where that cannot be read."""
        return Channels.read(self.folder)

    def live(self, channel: str) -> Adapter:
        """What the channel serves; raises ConfigError where that is nothing, and BuildError where it is not whole."""
        if not self.folder.is_dir():
            raise ConfigError(
                "there is no such registry",
                field="registry",
                value=str(self.folder),
                remedy="Correct the path, or run `llm-rerank adapters add` and `promote`.",
            )
        return self._held(channel, self.channels().at(channel).live)

    def promote(self, prefix: str, channel: str) -> Switch:
        """Makes an adapter live in a channel, from the next start on; raises as `get` does, and for a bad name."""
        live = self.get(prefix)
        with self._changing():
            channels = self.channels()
            changed = channels.promoted(channel, live.adapter_id, _now())
            if changed is not channels:
                changed.write(self.folder)
        before = channels.channels[channel].live if channel in channels.channels else None
        return Switch(channel=channel, live=live, before=before)

    def rollback(self, channel: str) -> Switch:
        """Makes live again what was live before, and so on further back; a promotion that was rolled back is no more.

        Raises ConfigError where nothing was live before, and BuildError where that is not whole any more.
        """
        self.channels().at(channel)  # before a lock is put where no registry is
        with self._changing():
            channels = self.channels()
            changed = channels.rolled_back(channel, _now())
            live = self._held(channel, changed.at(channel).live)
            changed.write(self.folder)
        return Switch(channel=channel, live=live, before=channels.at(channel).live)

    def _held(self, channel: str, adapter_id: str) -> Adapter:
        if adapter_id not in self.adapter_ids():
            raise BuildError(
                f"{adapter_id} is not in the registry {self.folder} any more",
                field="channel",
                value=channel,
                remedy="Add it again, or promote another adapter.",
            )
        return self.get(adapter_id)

    def _find(self, prefix: str) -> str:
        found = [adapter_id for adapter_id in self.adapter_ids() if prefix and adapter_id.startswith(prefix)]
        if len(found) == 1:
            return found[0]
        raise ConfigError(
            f"{len(found)} adapters have an id that begins so: {', '.join(found)}"
            if found
            else f"no adapter in {self.folder} has an id that begins so",
            field="adapter_id",
            value=prefix,
            remedy="Give more of the id." if found else "`llm-rerank adapters list` shows what there is.",
        )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            with alone(self.folder, wait=True):
                yield
        except OSError as err:
            raise BuildError(
                f"the registry cannot be changed ({err})",
                field="registry",
                value=str(self.folder),
                remedy="See that it is writable and has room, and run the same again: nothing is left half done.",
            ) from err


def _copy(folder: Path, part: Path, adapter_id: str) -> None:
    """All of it on the disk, before it gets its name."""
    part.mkdir()
    for name in FILES:
        copyfile(folder / name, part / name)
        sync(part / name)
    sync(part)
    if Adapter.read(part).adapter_id != adapter_id:
        raise BuildError(
            f"it was {adapter_id}, and was changed while it was copied",
            field="adapter",
            value=str(folder),
            remedy="Add it again.",
        )


def _damaged(folder: Path, problem: str) -> BuildError:
    return BuildError(
        problem,
        field="adapter",
        value=str(folder),
        remedy=f"Delete {folder} and add the adapter again, from where it came.",
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
