"""`llm-rerank build`: from shop data to a folder that answers."""

from pathlib import Path
from typing import Annotated

import typer

from llm_rerank.cli.options import Json
from llm_rerank.cli.show import print_json, print_text, show_cleaning
from retrieval.config import RetrievalConfig, read_config
from retrieval.datasets.base import load_dataset


def build(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    config: Annotated[Path | None, typer.Option(help="A YAML file; see configs/retrieval.yaml.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Throw away a folder built from something else.")] = False,
    json: Json = False,
) -> None:
    """Clean the shop's data, embed the catalogue, fit the retrievers, write it all to a folder.

    Can be interrupted and goes on where it was. Refuses a folder that was built from something else.
    """
    from retrieval.build import build as build_folder  # brings pandas, faiss and torch
    from retrieval.learnt import learnt

    settings = read_config(config, RetrievalConfig) if config else RetrievalConfig()
    loaded = load_dataset(settings.dataset)
    if not json:
        print_text(loaded.shop.notice)
        show_cleaning(loaded.report)
    manifest = build_folder(loaded.shop, settings, out, overwrite=overwrite)
    found = learnt(out)
    if json:
        print_json(
            {
                "folder": str(out),
                "manifest": manifest.model_dump(mode="json"),
                "learnt": found,
                "cleaning": str(loaded.report).splitlines(),
            }
        )
    else:
        print_text(f"Built {out}: {len(loaded.shop.catalogue):,} items, {len(loaded.shop.log.user_ids):,} users.")
        for name, words in found.items():
            print_text(f"{name} {words}.")
