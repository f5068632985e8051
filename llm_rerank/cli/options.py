"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from llm_rerank.config import RecommendConfig
from llm_rerank.ranking import Language
from retrieval.config import read_config

ConfigFile = Annotated[Path | None, typer.Option("--config", help="A YAML file; see configs/recommend.yaml.")]
ShopFolder = Annotated[Path | None, typer.Option("--shop", help="The build folder, in place of the configured one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program rather than text for a person.")]
User = Annotated[str, typer.Option("--user", help="A user id of the shop's own data.")]
Items = Annotated[list[str], typer.Option("--item", help="An item id; give the option once for each item.")]
Also = Annotated[
    list[str] | None,
    typer.Option("--also", help="An item id that the user takes just now, in this answer alone; once for each."),
]
LanguageCode = Annotated[Language, typer.Option("--language", help="The language of the reasons.")]
Instruction = Annotated[
    str | None, typer.Option("--instruction", help="What the model is told, in place of the configured instruction.")
]


def settings(config: Path | None, shop: Path | None) -> RecommendConfig:
    """The configuration of a command: the file or the defaults, then the options."""
    read = read_config(config, RecommendConfig) if config else RecommendConfig()
    return read if shop is None else read.model_copy(update={"shop": shop})
