"""What a build is told, and the one way YAML becomes settings."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from retrieval.datasets.base import CompleteJourneyConfig, DatasetConfig
from retrieval.embedders.base import EmbedderConfig, SentenceTransformerConfig
from retrieval.errors import ConfigError
from retrieval.indexes.base import FaissConfig, IndexConfig
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.hybrid import HybridConfig
from retrieval.retrievers.model_configs import EaseConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig
from retrieval.settings import Settings

Model = TypeVar("Model", bound=BaseModel)


class RetrievalConfig(Settings):
    """From shop data to candidates: everything a build folder is made from."""

    dataset: DatasetConfig = CompleteJourneyConfig()
    """The shop's data."""

    embedder: EmbedderConfig = SentenceTransformerConfig()
    """What turns an item's text into a vector."""

    index: IndexConfig = FaissConfig()
    """What finds the nearest vectors."""

    retrievers: tuple[RetrieverConfig, ...] = Field(
        default=(BuyAgainConfig(weight=3.0), PopularityConfig(), EaseConfig(weight=0.3), TextConfig(weight=0.2)),
        min_length=1,
    )
    """The sources of candidates. Popularity is always among them: it alone has an answer for everybody."""

    hybrid: HybridConfig = HybridConfig()
    """How the sources are joined by rank."""

    blend: BlendConfig | None = None
    """How the sources are joined by a model that learns from held-out baskets; none, or where there is too little to
    learn from: by rank, as `hybrid` and the sources' weights say."""

    seed: int = 0
    """Where every random number comes from."""

    @model_validator(mode="after")
    def _sources_fit_together(self) -> Self:
        names = [retriever.name for retriever in self.retrievers]
        if len(set(names)) != len(names):
            raise ValueError(f"retrievers: {names} names one source twice; keep one of them")
        if not any(isinstance(retriever, PopularityConfig) for retriever in self.retrievers):
            raise ValueError("retrievers: add `kind: popularity`, the only source that answers for new users")
        return self


def read_config(path: Path, model: type[Model]) -> Model:
    """The settings in a YAML file; raises ConfigError naming file, key and remedy."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise ConfigError(
            "there is no such file", field="config", value=str(path), remedy="Check the path; see configs/."
        ) from err
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as err:
        problem = " ".join(str(err).split())
        raise ConfigError(
            f"this is no readable YAML file ({problem})",
            field="config",
            value=str(path),
            remedy="Start from one of the files in configs/.",
        ) from err
    try:
        return model.model_validate({} if content is None else content)
    except ValidationError as err:
        raise _config_error(path, model, err) from err


def _config_error(path: Path, model: type[BaseModel], err: ValidationError) -> ConfigError:
    """The first problem in full; the others are only counted, since one misspelling often causes several."""
    # A key that nobody reads goes first: misspelt, it also leaves the right key missing.
    first, *others = sorted(err.errors(), key=lambda error: error["type"] != "extra_forbidden")
    more = f" ({len(others)} more after this one)" if others else ""
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(
            f"{path} has a key that nobody reads{more}",
            field=key,
            value=first["input"],
            remedy=_did_you_mean(str(first["loc"][-1]), model),
        )
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return ConfigError(f"the file lacks this key{more}", field=key, value=str(path), remedy="Add it.")
    if isinstance(first["input"], dict):  # a check of several keys together, which names them itself
        return ConfigError(f"{problem}{more}", field=key or "config", value=str(path), remedy="Correct that.")
    return ConfigError(
        f"{path}: {problem}{more}", field=key or "config", value=first["input"], remedy="Correct this value."
    )


def _did_you_mean(key: str, model: type[BaseModel]) -> str:
    near = get_close_matches(key, sorted(set(_keys(model.model_json_schema()))), n=1)
    return f"Did you mean `{near[0]}`?" if near else "Remove it, or give this command the file that is meant for it."


def _keys(schema: Any) -> Iterator[str]:
    """Every key that the schema knows, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from _keys(part)
