"""A finished training among the results: what it was told, what its validations found, and the picture of that.

python -m benchmarks.learning --config configs/finetune/….yaml --training var/finetune/… --out docs/results/…
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import show
from eval.environment import device, today
from finetune.training.config import TrainingConfig
from finetune.training.job import ADAPTER, BEGUN, CURVE
from finetune.training.picture import PICTURE
from llm_rerank.adapters import Adapter
from retrieval.config import read_config
from retrieval.differences import differences
from retrieval.errors import BuildError, LlmRerankError
from retrieval.files import read_json

_METRIC: Final = "NDCG@10"


def require_config(begun: Mapping[str, Any], config: TrainingConfig, path: Path) -> None:
    """Raises BuildError where the training was told something else than the file says.

    A setting that is newer than the training, and says nothing where it is not given, is no difference.
    """
    then = TrainingConfig.model_validate(begun).model_dump(mode="json")
    if different := differences(then, config.model_dump(mode="json")):
        raise BuildError(
            f"the training was told something else: {different}",
            field="config",
            value=str(path),
            remedy="Name the file that it was made with.",
        )


def curve_table(validations: Sequence[tuple[int, float, float]], lists_per_step: int) -> Table:
    """A line a validation."""
    best = max(validations, key=lambda found: found[1], default=None)
    return Table(
        title="Validations",
        header=("step", "lists", _METRIC, "loss", ""),
        rows=tuple(
            (f"{step}", f"{step * lists_per_step:,}", f"{gain:.4f}", f"{loss:.4f}", "best" if found == best else "")
            for found in validations
            for step, gain, loss in [found]
        ),
        notes=("The best weights are the adapter's: chosen by these lists, which flatter them.",),
    )


def learning(path: Path, training: Path, trained_on: str) -> tuple[str, Table, dict[str, str], dict[str, Any]]:
    """Title, table, what a reader needs to make it again, and all numbers."""
    config, adapter = read_config(path, TrainingConfig), Adapter.read(training / ADAPTER)
    require_config(read_json(training / BEGUN)["config"], config, path)
    curve = read_json(training / CURVE)
    about = {
        "command": f"python -m finetune.train --config {path.as_posix()} --out {training.as_posix()}",
        "trained on": trained_on,
        "published": today(),
        "adapter": f"{adapter.adapter_id} on {adapter.base}, {adapter.size / 1e6:.1f} MB",
        "examples": adapter.examples,
        "trained": f"{adapter.metrics['seconds'] / 60:.0f} minutes, {len(curve['losses'])} steps of "
        f"{config.lists_per_step} lists",
    }
    validations = [(int(step), float(gain), float(loss)) for step, gain, loss in curve["validations"]]
    return f"Training: {path.stem}", curve_table(validations, config.lists_per_step), about, curve


def main() -> None:
    """Publishes one training."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the file that it was made with")
    parser.add_argument("--training", type=Path, required=True, help="the folder that it wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--trained-on", default=device(), help="that machine, in words; by default this one")
    given = parser.parse_args()
    try:
        title, table, about, curve = learning(given.config, given.training, given.trained_on)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.learning: {err}")
    show([table])
    write_report(given.out, title, [table], about, curve, picture=PICTURE)
    shutil.copyfile(given.training / PICTURE, given.out / PICTURE)


if __name__ == "__main__":
    main()
