"""python -m finetune.train --config configs/finetune/….yaml --out var/finetune/…

The same as `llm-rerank finetune`. Under `accelerate launch` or torchrun it trains on a device a process.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune.training.config import TrainingConfig
from llm_rerank.adapters import Adapter
from llm_rerank.cli.explained import explained
from retrieval.config import read_config
from retrieval.errors import MissingExtraError
from retrieval.progress import showing_progress


def run(config: Path, out: Path, so_far: Path | None) -> Adapter:
    """Trains one adapter in `out`; with `so_far` only writes the best of that training, which may go on, there."""
    settings = read_config(config, TrainingConfig)
    with importing():
        from finetune.training.job import adapter_so_far, train  # brings torch and peft
    if so_far is not None:
        return adapter_so_far(settings, out, so_far)
    with showing_progress() as progress:
        return train(settings, out, progress)


@contextmanager
def importing() -> Iterator[None]:
    """Raises MissingExtraError where the libraries of training are not there."""
    try:
        yield
    except ImportError as err:
        raise MissingExtraError(
            f"training cannot be imported ({err})", remedy="Run pip install 'llm-rerank[finetune]'"
        ) from err


def told(adapter: Adapter) -> str:
    """What was made, in a line."""
    found = ", ".join(f"{name} {value:.4g}" for name, value in adapter.metrics.items())
    return f"Adapter {adapter.adapter_id} in {adapter.folder}: {found}."


def main() -> None:
    """Trains one adapter."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/finetune/")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--so-far", type=Path, help="only write the best adapter of the training in --out, here")
    given = parser.parse_args()
    with explained("finetune.train"):
        adapter = run(given.config, given.out, given.so_far)
    if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
        print(told(adapter))


if __name__ == "__main__":
    main()
