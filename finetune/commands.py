"""`llm-rerank examples`: this floor's command, found by the command line as an entry point."""

from pathlib import Path
from typing import Annotated

import typer

from retrieval.config import read_config


def examples(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
) -> None:
    """Make training examples for the LLM from a shop's log. Can be interrupted and goes on where it was."""
    from finetune.build_examples import build_examples
    from finetune.examples_config import ExamplesConfig
    from llm_rerank.cli.show import print_text, show_cleaning
    from retrieval.datasets.base import load_dataset
    from retrieval.progress import showing_progress

    settings = read_config(config, ExamplesConfig)
    loaded = load_dataset(settings.dataset)
    print_text(loaded.shop.notice)
    show_cleaning(loaded.report)
    with showing_progress() as progress:
        counts = build_examples(loaded.shop, settings, out, progress)["counts"]
    print_text(
        f"Examples {out}: {counts['train']:,} to train on and {counts['validation']:,} to validate on, "
        f"of {counts['users']:,} users and {counts['items']:,} items."
    )
