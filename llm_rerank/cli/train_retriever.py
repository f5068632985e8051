"""`llm-rerank train-retriever`: the sequence retriever, trained outside a build."""

from pathlib import Path
from typing import Annotated

import typer

from llm_rerank.cli.options import Json
from llm_rerank.cli.show import print_json, print_text, show_cleaning
from retrieval.config import RetrievalConfig, read_config
from retrieval.datasets.base import load_dataset


def train_retriever(
    config: Annotated[Path, typer.Option(help="A YAML file with a `kind: sequence` retriever.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    start: Annotated[
        Path | None, typer.Option("--from", help="A folder of an earlier training: go on with newer interactions only.")
    ] = None,
    json: Json = False,
) -> None:
    """Train the sequence retriever on the shop's log, to be named as `trained:` in a build's configuration.

    Can be interrupted and goes on where it was. A finished folder is never changed.
    """
    from retrieval.progress import showing_progress  # brings rich's bars
    from retrieval.train_retriever import train_retriever as train  # brings pandas and torch

    settings = read_config(config, RetrievalConfig)
    loaded = load_dataset(settings.dataset)
    if not json:
        print_text(loaded.shop.notice)
        show_cleaning(loaded.report)
    with showing_progress() as progress:
        trained = train(loaded.shop, settings, out, progress, start)
    validation = {name: values.tolist() for name, values in trained.arrays.items() if "validation" in name}
    if json:
        print_json({"folder": str(out), "items": len(trained.item_ids), "validation": validation})
        return
    best = [max(values) for values in validation.values() if values]
    said = f" Validation NDCG@10: {', '.join(f'{value:.4f}' for value in best)}." if best else ""
    print_text(f"Trained {out}: {len(trained.item_ids):,} items, up to {trained.until:%Y-%m-%d}.{said}")
