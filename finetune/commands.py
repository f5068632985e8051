"""This floor's commands, found by the command line: from examples to an adapter, and what is made on the way."""

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


def teach(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it goes on where it stopped.")],
) -> None:
    """Have a larger model, or several, score the examples, for a smaller one to learn from."""
    from finetune.teach import teach
    from finetune.teach_config import TeachConfig
    from llm_rerank.cli.show import print_text
    from retrieval.progress import showing_progress

    settings = read_config(config, TeachConfig)
    with showing_progress() as progress:
        counts = teach(settings, out, progress)["counts"]
    print_text(
        f"Examples {out}: {counts['train']:,} lists that teachers scored, {counts['validation']:,} to validate on."
    )


def prune(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/.")],
    out: Annotated[Path, typer.Option(help="The folder to write, for `model:`.")],
) -> None:
    """Write a model without the layers that do least, to be trained on."""
    from finetune.prune import prune
    from finetune.prune_config import PruneConfig
    from llm_rerank.cli.show import print_text
    from retrieval.progress import showing_progress

    settings = read_config(config, PruneConfig)
    with showing_progress() as progress:
        kept = prune(settings, out, progress)
    print_text(f"Model {out}: layers {', '.join(map(str, kept))} are left. Train an adapter on it before it is served.")


def finetune(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it goes on where it stopped.")],
    so_far: Annotated[
        Path | None, typer.Option(help="Train nothing: write the best adapter of the training in --out here.")
    ] = None,
) -> None:
    """Train a LoRA adapter for the LLM on such examples. On several devices: torchrun -m finetune.train."""
    from finetune.train import run, told
    from llm_rerank.cli.show import print_text

    print_text(told(run(config, out, so_far)))


def finetune_writer(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it goes on where it stopped.")],
) -> None:
    """Train a LoRA adapter that words the reasons, from a shop's log."""
    from finetune.train import importing, told
    from finetune.writer.config import WriterConfig

    with importing():
        from finetune.writer.job import train_writer
    from llm_rerank.cli.show import print_text
    from retrieval.datasets.base import load_dataset
    from retrieval.progress import showing_progress

    settings = read_config(config, WriterConfig)
    shop = load_dataset(settings.dataset).shop
    print_text(shop.notice)
    with showing_progress() as progress:
        print_text(told(train_writer(settings, shop, out, progress)))


def quantize(
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/finetune/quantize-*.yaml.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
) -> None:
    """Write a merged checkpoint in fewer bits, by llm-compressor in an environment of its own (make quantize-env)."""
    from finetune.quantization.config import QuantizationConfig
    from llm_rerank.cli.show import print_text, progress

    settings = read_config(config, QuantizationConfig)
    with progress(visible=True) as say:
        from finetune.quantization.job import quantize as quantize_into  # brings transformers

        quantize_into(settings, out, say)
    size = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    print_text(f"Compressed {settings.model} as {settings.scheme.kind} in {out}: {size / 1e6:.0f} MB of weights.")
