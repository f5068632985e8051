"""What a service is made of. The environment wins over the file, key by key: LLM_RERANK__DATABASE=..."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from llm_rerank.config import RecommendConfig
from retrieval.config import read_config
from retrieval.errors import ConfigError
from retrieval.settings import Settings

_PREFIX: Final = "LLM_RERANK__"
_SHORTEST_SECRET: Final = 16
_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?")
_SECRET: Final = re.compile(r"(^|_)(token|key|secret|password)$")


class LimitsConfig(Settings):
    """What a caller may ask of the service."""

    at_once: PositiveInt = 4
    """Requests that are answered side by side; an engine in this process does one after the other."""
    waiting: PositiveInt = 64
    """Requests that wait for the model; more are told to come again (429)."""
    body_bytes: PositiveInt = 4_000_000
    """Of a request."""
    items: PositiveInt = 1000
    """That a request may name, or ask for."""
    explained: PositiveInt = 20
    """Reasons in one answer."""
    interactions: PositiveInt = 10_000
    """In one batch."""
    changed_items: PositiveInt = 1000
    """In one batch: their texts are embedded while the caller waits."""
    history: PositiveInt = 5000
    """Interactions of a user that are read, the newest, and counted in reasons; what they like and what a request adds
    is among them."""
    feedback: PositiveInt = 1000
    """Items of which it is obeyed what a user said, the newest."""
    reading_seconds: PositiveFloat = 30
    """That a request's body may take to come, and a reader of a stream for a part of it."""
    deadline_ms: PositiveFloat = 30_000
    """Where a request names none; a request may name an earlier one only. From the arrival of the request on."""


class DrainConfig(Settings):
    """How the service stops when it is told to (SIGTERM)."""

    notice_seconds: NonNegativeFloat = 5.0
    """So long /readyz says 503 while all that comes is answered still: load balancers look elsewhere meanwhile."""
    finish_seconds: NonNegativeInt = 35
    """Then nobody is let in, and what is under way has so long; what takes longer is answered 503."""


class UiConfig(Settings):
    """The page at /, on which people see what the service does."""

    shown: bool = True
    """Whether it is served."""
    user: str = Field(default="1924", min_length=1, max_length=256)
    """Whom it shows where its address names nobody: somebody with a history. Whoever reaches the service learns this
    id."""


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("this is no origin; name each, such as https://shop.example or http://localhost:3000")
    return value


class ServeConfig(BaseSettings):
    """The recommender, its database, and the door."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=_PREFIX, env_nested_delimiter="__", use_attribute_docstrings=True
    )

    recommend: RecommendConfig = RecommendConfig()
    """The shop, the model, the prompt."""
    tenant: str = Field(default="shop", min_length=1, max_length=256)
    """Whose shop it is: only this tenant's keys see what its users did before the shop was built."""
    new_items: float = Field(default=0.1, ge=0, le=1)
    """The share of the candidates that may be items with texts of after the build, found by them. A learned fusion
    knows none of them: with one they wait for the next build."""
    database: str = "sqlite:///var/service.db"
    """Where interactions, items and keys are kept: a SQLite file, or postgresql+psycopg://USER:PASSWORD@HOST/NAME."""
    cache_secret: SecretStr | None = None
    """Keeps users apart in the caches of engines. One for all services before the same vLLM servers, so that these find
    again what they have, of 16 characters at least; none: another one at each start."""
    host: str = "127.0.0.1"
    """Where it listens; 0.0.0.0 for everybody."""
    port: int = Field(default=8080, ge=0, le=65535)
    """At which port; 0: a free one."""
    limits: LimitsConfig = LimitsConfig()
    """What a caller may ask."""
    ui: UiConfig = UiConfig()
    """The page for people."""
    quality: Path | None = None
    """A folder of finished runs of `llm-rerank eval`, which /v1/quality and the page show. Their examples name users:
    forgetting one does not change what is measured."""
    docs: bool = True
    """Whether /docs and /openapi.json are served."""
    metrics: Literal["open", "admin", "off"] = "open"
    """Who may read /metrics: whoever reaches the service, keys with the scope admin, or nobody."""
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Whose pages may call from a browser, such as https://shop.example; without any, nobody's."""
    drain: DrainConfig = DrainConfig()
    """How it stops."""
    tls_certificate: Path | None = None
    """A PEM file; with `tls_key` the service speaks TLS itself."""
    tls_key: Path | None = None
    """Likewise."""

    @field_validator("cache_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        """Not by pydantic's own check, which shows what it refuses."""
        if secret is not None and len(secret.get_secret_value()) < _SHORTEST_SECRET:
            raise ConfigError(
                f"a secret has {_SHORTEST_SECRET} characters at least",
                field="cache_secret",
                value="(not shown)",
                remedy="Write a longer one, or none: then each start has another one.",
            )
        return secret

    @classmethod
    def read(cls, path: Path | None) -> "ServeConfig":
        """A YAML file and the environment; raises ConfigError for what is wrong in either."""
        file = {} if path is None else read_config(path, cls).model_dump(exclude_unset=True)
        try:
            return cls(**file)
        except ValidationError as err:  # of the file's own nothing is wrong: read_config would have said so
            first = err.errors()[0]
            raise ConfigError(
                f"the environment: {first['msg']}",
                field="__".join([_PREFIX, *map(str, first["loc"])]).upper().replace("____", "__"),
                value=first["input"],
                remedy="Correct or unset this variable.",
            ) from err

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, which comes as arguments."""
        return env_settings, init_settings

    def shown(self) -> dict[str, Any]:
        """For a log: without the password that the database's URL may hold, and the tokens that a hub may want."""
        from retrieval.store.database import without_password  # brings SQLAlchemy

        shown = self.model_dump(mode="json") | {"database": without_password(self.database)}
        arguments = shown["recommend"]["engine"]["arguments"]
        arguments.update({name: "***" for name in arguments if _SECRET.search(name)})
        return shown
