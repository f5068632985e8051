"""What each setting of a training is worth: trainings that differ in one thing, on the same examples, list by list.

python -m benchmarks.ablations --config configs/ablations/….yaml --out docs/results/…

Every training goes on where it was stopped, and so does the comparison.
"""

import argparse
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

import torch
from pydantic import JsonValue, NonNegativeInt, PositiveInt, model_validator
from rich.progress import Progress

from benchmarks.machine import machine
from benchmarks.rankers import RankersConfig, compare
from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import show
from finetune.training.config import TrainingConfig
from finetune.training.job import train
from llm_rerank.adapters import Adapter
from llm_rerank.config import RerankerConfig
from retrieval.config import read_config
from retrieval.differences import flat
from retrieval.errors import LlmRerankError
from retrieval.progress import showing_progress
from retrieval.settings import Settings

_MADE: Final = Path("var/ablations")
_UNTRAINED: Final = "as it is, untrained"


class AblationsConfig(Settings):
    """One training and what is changed in it."""

    title: str
    """Of the report."""

    training: TrainingConfig
    """What all are told where a variant says nothing else."""

    variants: Mapping[str, Mapping[str, JsonValue]]
    """By name, settings that take the place of the training's; of nested ones only those named."""

    reference: str
    """The variant that the others are compared with."""

    untrained: bool = True
    """Whether the model as it is stands beside them."""

    targets: Literal["any", "retrieved"] = "retrieved"
    """See RankersConfig."""

    skip: NonNegativeInt = 0
    """See RankersConfig."""

    lists: PositiveInt = 500
    """See RankersConfig."""

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        """Now, and not after hours of training."""
        if len({folder_of(name) for name in (*self.variants, _UNTRAINED)}) <= len(self.variants):
            raise ValueError(f"variants: two of {[*self.variants, _UNTRAINED]} are called alike; name them apart")
        if self.reference not in self.variants:
            raise ValueError(f"reference: {self.reference} is none of {list(self.variants)}; name one of them")
        for name, told in self.trainings().items():
            if told.examples != self.training.examples:
                raise ValueError(f"variants: {name} has other examples, and may have learnt from those who judge")
        return self

    def trainings(self) -> dict[str, TrainingConfig]:
        """What each variant is told."""
        told = self.training.model_dump(mode="json")
        return {name: TrainingConfig.model_validate(merged(told, changes)) for name, changes in self.variants.items()}


def merged(told: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the changes in them, at every depth."""
    both = {name: merged(told[name], value) for name, value in changes.items() if _nested(told.get(name), value)}
    return {**told, **changes, **both}


def _nested(one: object, other: object) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)


def folder_of(name: str) -> str:
    """A folder's name for a variant's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def trained(config: AblationsConfig, made: Path, progress: Progress) -> dict[str, Adapter]:
    """Every variant's adapter, in a folder of its own below `made`."""
    return {name: train(told, made / folder_of(name), progress) for name, told in config.trainings().items()}


def rankers_of(config: AblationsConfig, adapters: Mapping[str, Adapter]) -> RankersConfig:
    """How they are compared: each asked as it was trained."""
    trainings = config.trainings()
    rankers = {name: _ranker(trainings[name], adapter) for name, adapter in adapters.items()}
    if config.untrained:
        rankers[_UNTRAINED] = RerankerConfig(model=config.training.model, prompt=config.training.prompt)
    return RankersConfig(
        title=config.title,
        examples={"Validation lists": config.training.examples},
        rankers=rankers,
        reference=config.reference,
        targets=config.targets,
        skip=config.skip,
        lists=config.lists,
    )


def _ranker(told: TrainingConfig, adapter: Adapter) -> RerankerConfig:
    return RerankerConfig(model=told.model, adapter=adapter.folder, prompt=told.prompt, method=told.method)


def trainings_table(config: AblationsConfig, adapters: Mapping[str, Adapter]) -> Table:
    """A line a training: what it was told otherwise, and what that took."""
    return Table(
        title="Trainings",
        header=("variant", "what differs", "steps", "minutes", "adapter", "MB"),
        rows=tuple(
            (
                name,
                ", ".join(f"{key}: {value}" for key, value in flat(config.variants[name])) or "nothing",
                f"{adapter.metrics['steps']}",
                f"{adapter.metrics['seconds'] / 60:.1f}",
                adapter.adapter_id,
                f"{adapter.size / 1e6:.1f}",
            )
            for name, adapter in adapters.items()
        ),
        notes=(
            "One training each, however far chance alone puts two of them apart. Steps: of the weights that are kept. "
            "Minutes were not taken side by side: other work may have disturbed some trainings and not others.",
        ),
    )


def main() -> None:
    """Trains all variants, compares them, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablations", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/ablations/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    given = parser.parse_args()
    try:
        config = read_config(given.config, AblationsConfig)
        with showing_progress() as progress:
            adapters = trained(config, _MADE / given.config.stem, progress)
            tables, raw = compare(rankers_of(config, adapters), progress)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.ablations: {err}")
    all_tables = (trainings_table(config, adapters), *tables)
    show(all_tables)
    command = shlex.join(["python", "-m", "benchmarks.ablations", *sys.argv[1:]])
    about = machine(command, torch.device("cpu"), examples=config.training.examples, targets=config.targets)
    write_report(given.out, config.title, all_tables, about, {"gains": raw})


if __name__ == "__main__":
    main()
