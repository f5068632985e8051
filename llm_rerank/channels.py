"""Which adapter is live under which name, and what was live before: a registry's only state."""

from datetime import datetime
from pathlib import Path
from re import fullmatch
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from retrieval.durable import write_json_durably
from retrieval.errors import BuildError, ConfigError
from retrieval.files import read_json
from retrieval.settings import Settings

CHANNELS: Final = "channels.json"
DEFAULT_CHANNEL: Final = "default"
_NAME: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

ChannelName = Annotated[str, Field(pattern=_NAME)]
"""A shop's name, say: up to 64 letters, digits, dots, dashes and underscores. It never becomes a path."""
AdapterId = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


class Change(Settings):
    """One line of a channel's history."""

    adapter_id: AdapterId
    """What is live from then on."""
    at: AwareDatetime
    """When, in UTC."""
    by: Literal["promote", "rollback"]
    """Whether it is new, or was live before."""


class Channel(Settings):
    """What is live, and every change so far."""

    live: AdapterId
    """As the last line of the history says."""
    history: tuple[Change, ...] = Field(min_length=1)
    """Oldest first; nothing is ever taken out."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if _trail(self.history)[-1] != self.live:
            raise ValueError("what is live is not what the history ends with")
        return self

    @property
    def before(self) -> str | None:
        """What a rollback goes to: the promotion before the one that is live, without those that were rolled back."""
        return (None, *_trail(self.history))[-2]


def _trail(history: tuple[Change, ...]) -> tuple[str, ...]:
    """The promotions that hold, oldest first: a rollback takes the last one away. Raises ValueError where it cannot."""
    trail: tuple[str, ...] = ()
    for change in history:
        trail = (*trail, change.adapter_id) if change.by == "promote" else trail[:-1]
        if trail[-1:] != (change.adapter_id,):
            raise ValueError(f"a rollback to {change.adapter_id} that was not live before")
    return trail


class Channels(Settings):
    """Every channel by its name, as one small file that is replaced whole."""

    format: Literal[1] = 1
    """How it is laid out."""
    channels: dict[ChannelName, Channel] = Field(default_factory=dict)
    """By name."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The registry's channels, none where nothing was promoted yet; raises BuildError for a damaged file."""
        path = folder / CHANNELS
        if not path.exists():
            return cls()
        try:
            return cls.model_validate(read_json(path))
        except (BuildError, ValidationError) as err:
            why = err.errors()[0]["msg"] if isinstance(err, ValidationError) else err.problem
            raise BuildError(
                f"what is live cannot be read: {why}",
                field="channels",
                value=str(path),
                remedy="Restore the file, or delete it and promote again; the adapters beside it are whole or not by "
                "themselves.",
            ) from err

    def write(self, folder: Path) -> None:
        """Replaces the file; whoever reads sees the old one or the new one."""
        write_json_durably(folder / CHANNELS, self.model_dump(mode="json"))

    def at(self, name: str) -> Channel:
        """The channel of that name; raises ConfigError where nothing was ever promoted to it."""
        if name not in self.channels:
            known = f" Live are the channels {', '.join(self.channels)}." if self.channels else ""
            raise ConfigError(
                "no adapter is live in this channel",
                field="channel",
                value=name,
                remedy=f"Run `llm-rerank adapters promote ID --channel NAME`.{known}",
            )
        return self.channels[name]

    def promoted(self, name: str, adapter_id: str, at: datetime) -> "Channels":
        """With this adapter live; the same where it is already. Raises ConfigError for what cannot be a name."""
        if fullmatch(_NAME, name) is None:
            raise ConfigError(
                "this cannot be a channel's name",
                field="channel",
                value=name,
                remedy="Use up to 64 letters, digits, dots, dashes and underscores; a letter or digit comes first.",
            )
        if name in self.channels and self.channels[name].live == adapter_id:
            return self  # a script that runs again: a rollback must not find the same adapter before this one
        return self._and_then(name, Change(adapter_id=adapter_id, at=at, by="promote"))

    def rolled_back(self, name: str, at: datetime) -> "Channels":
        """With what was live before live again; raises ConfigError where there was nothing."""
        channel = self.at(name)
        if channel.before is None:
            raise ConfigError(
                f"nothing was live before {channel.live}, so that nothing is changed",
                field="channel",
                value=name,
                remedy="Promote another adapter, or serve the model as it is without `adapter:`.",
            )
        return self._and_then(name, Change(adapter_id=channel.before, at=at, by="rollback"))

    def _and_then(self, name: str, change: Change) -> "Channels":
        before = self.channels[name].history if name in self.channels else ()
        channel = Channel(live=change.adapter_id, history=(*before, change))
        return Channels(channels=dict(sorted({**self.channels, name: channel}.items())))
