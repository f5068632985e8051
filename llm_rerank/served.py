"""Which adapter a configuration serves: the one in a folder, or the one that is live in a registry."""

from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Tag

from llm_rerank.adapters import Adapter
from llm_rerank.channels import DEFAULT_CHANNEL, ChannelName
from llm_rerank.registry import REGISTRY, Registry
from retrieval.settings import Settings


class LiveAdapter(Settings):
    """Whatever is live when the program starts."""

    registry: Path = REGISTRY
    """The registry's folder."""
    channel: ChannelName = DEFAULT_CHANNEL
    """The channel, such as the shop's name."""


def _form(value: object) -> str:
    return "folder" if isinstance(value, str | Path) else "live"


AdapterSetting = Annotated[Annotated[Path, Tag("folder")] | Annotated[LiveAdapter, Tag("live")], Discriminator(_form)]
"""A path is an adapter's folder, a mapping names a registry: nothing is guessed from what lies there."""


def served_adapter(setting: Path | LiveAdapter | None) -> Adapter | None:
    """The adapter, read and whole. Another one may be live the next time: ask once, and keep the answer.

    Raises BuildError and ConfigError as Adapter.read and Registry.live do.
    """
    match setting:
        case None:
            return None
        case LiveAdapter():
            return Registry(setting.registry).live(setting.channel)
        case _:
            return Adapter.read(setting)
