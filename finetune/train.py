"""python -m finetune.train --config configs/finetune/….yaml --out var/finetune/…

Under `accelerate launch` or torchrun it trains on as many devices as there are processes.
"""

import argparse
import sys
from pathlib import Path

from finetune.training.config import TrainingConfig
from retrieval.config import read_config
from retrieval.errors import LlmRerankError
from retrieval.progress import showing_progress


def main() -> None:
    """Trains one adapter."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/finetune/")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    given = parser.parse_args()
    try:
        from finetune.training.job import train  # brings torch and peft

        with showing_progress() as progress:
            adapter = train(read_config(given.config, TrainingConfig), given.out, progress)
        print(f"Trained {adapter.folder}: adapter {adapter.adapter_id}, {dict(adapter.metrics)}")
    except LlmRerankError as err:
        sys.exit(f"finetune.train: {err}")


if __name__ == "__main__":
    main()
