"""python -m finetune.train --config configs/finetune/….yaml --out var/finetune/…

Under `accelerate launch` or torchrun it trains on as many devices as there are processes.
"""

import argparse
import sys
from pathlib import Path

from rich.progress import Progress

from finetune.training.config import TrainingConfig
from llm_rerank.adapters import Adapter
from retrieval.config import read_config
from retrieval.errors import LlmRerankError, MissingExtraError
from retrieval.progress import showing_progress


def _train(config: TrainingConfig, folder: Path, progress: Progress) -> Adapter:
    try:
        from finetune.training.job import train  # brings torch and peft
    except ImportError as err:
        raise MissingExtraError(
            f"training cannot be imported ({err})", remedy="Run pip install 'llm-rerank[finetune]'"
        ) from err
    return train(config, folder, progress)


def main() -> None:
    """Trains one adapter."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/finetune/")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    given = parser.parse_args()
    try:
        with showing_progress() as progress:
            adapter = _train(read_config(given.config, TrainingConfig), given.out, progress)
        print(f"Trained {adapter.folder}: adapter {adapter.adapter_id}, {dict(adapter.metrics)}")
    except LlmRerankError as err:
        sys.exit(f"finetune.train: {err}")


if __name__ == "__main__":
    main()
