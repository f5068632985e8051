"""Training further on new interactions against training anew on all of them.

python -m benchmarks.incremental --out docs/results/incremental

One model is trained on what happened before `--since`, and from there on with what happened before `--until`; another
is trained on all of that at once. Both, and the first as it was, are asked what users do from `--until` on, with the
histories of that moment: what is compared is what they have learnt, not what they are shown.
"""

import argparse
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import console, show
from eval.fitted import fitted_once
from eval.metrics.one_list import recall
from eval.statistics.significance import bootstrap_interval
from eval.systems import text_vectors
from retrieval.config import RetrievalConfig, read_config
from retrieval.datasets.base import load_dataset
from retrieval.embedders import embedder_name
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.progress import showing_progress, telling
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.fitting import Fitting
from retrieval.retrievers.sequence.retriever import SequenceRetriever
from retrieval.retrievers.sequence.trained import Trained, last_moment
from retrieval.shop import ShopData
from retrieval.splits import Split, global_time

K: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """One way of keeping a model up to date."""

    name: str
    seconds: float
    """Of training, after the first model was there."""

    recalls: NDArray[np.float64]
    """Recall@100 of each user."""


def main() -> None:
    """Trains the three, asks them, writes the report and its raw numbers."""
    options = _options()
    config = read_config(options.config, RetrievalConfig)
    (sequence,) = (source for source in config.retrievers if isinstance(source, SequenceConfig))
    shop = load_dataset(config.dataset).shop
    asked = global_time(shop.log, options.until)
    with showing_progress() as progress:
        job = Job(
            shop=shop,
            embedder=embedder_name(config.embedder),
            vectors=text_vectors(shop.catalogue, config.embedder, options.work, progress),
            sequence=sequence,
            seed=config.seed,
            work=options.work / "fitted",
            progress=progress,
        )
        earlier, first = job.train("first", global_time(asked.train, options.since).train, sequence)
        few = sequence.model_copy(update={"training": _shorter(sequence, options.epochs)})
        further, more = job.train("further", asked.train, few, earlier)
        anew, full = job.train("anew", asked.train, sequence)
        models = [(further, more, "trained further"), (anew, full, "trained anew"), (earlier, 0.0, "left as it was")]
        found = [Learnt(name=name, seconds=taken, recalls=job.ask(name, model, asked)) for model, taken, name in models]
    about = machine(
        shlex.join(["python", "-m", "benchmarks.incremental", *sys.argv[1:]]),
        torch.device("cpu"),
        first=f"{first:.0f} s of training on what came before {options.since:%Y-%m-%d}",
        asked=f"{len(asked.targets):,} users, from {options.until:%Y-%m-%d} on",
        further=f"{options.epochs} epochs",
    )
    table = learnt_table(found)
    show((table,))
    raw = {one.name: {"seconds": one.seconds, "recall": one.recalls.tolist()} for one in found}
    write_report(options.out, "Incremental training", (table,), about, raw)
    console.print(f"Written to {options.out}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What the trainings share."""

    shop: ShopData
    embedder: str
    """The name of what made the vectors."""

    vectors: ItemVectors
    sequence: SequenceConfig
    seed: int
    work: Path
    progress: Progress

    def train(
        self, name: str, log: InteractionLog, sequence: SequenceConfig, start: Trained | None = None
    ) -> tuple[Trained, float]:
        """The model and the seconds its epochs took; a training of the same data, settings, code and start is read."""
        data = f"{self.shop.catalogue.fingerprint} {self.embedder} {log.fingerprint}"
        made_of = f"{sequence.model_dump_json()} {self.seed} {data} {start and start.made_from}"
        arrays, seconds = fitted_once(
            self.work, name, made_of, lambda work: self._fit(name, log, sequence, start, work)
        )
        until, rows_at_until = last_moment(log)
        trained = Trained(
            item_ids=tuple(self.shop.catalogue.at(row).item_id for row in arrays.pop("items").tolist()),
            arrays=arrays,
            embedder=self.embedder,
            encoder=sequence.encoder,
            members=sequence.members,
            until=until,
            rows_at_until=rows_at_until,
            made_from=sha256(made_of.encode()).hexdigest()[:16],
        )
        return trained, seconds

    def _fit(
        self, name: str, log: InteractionLog, sequence: SequenceConfig, start: Trained | None, work: Path
    ) -> tuple[Arrays, float]:
        """The weights, and the seconds of all epochs, those before an interruption too."""
        fitting = Fitting(sequence, self.shop.catalogue, log, self.vectors, self.seed, start)
        arrays = fitting.run(work, telling(self.progress, name))
        return arrays, fitting.seconds

    def ask(self, name: str, model: Trained, split: Split) -> NDArray[np.float64]:
        """Recall@100 of each user's interactions after the split."""
        arrays = model.arrays_for(self.sequence, self.shop.catalogue)
        retriever = SequenceRetriever(self.sequence, self.shop.catalogue, self.vectors, arrays)
        found = []
        for user, targets in self.progress.track(split.targets.items(), description=f"asking what was {name}"):
            candidates = retriever.retrieve(split.train.history(user), K)
            found.append(recall([candidate.item.item_id for candidate in candidates], targets, K))
        return np.array(found)


def learnt_table(found: list[Learnt]) -> Table:
    """A row a model; the first of them is compared with each of the others."""
    first = found[0].recalls
    return Table(
        title=f"Recall@{K} of what users did next",
        header=("model", "seconds of training", "recall", f"{found[0].name} minus it, 95 %"),
        rows=tuple(
            (
                one.name,
                f"{one.seconds:.0f}",
                f"{one.recalls.mean():.4f}",
                "" if one is found[0] else str(bootstrap_interval(first - one.recalls, metric=f"recall@{K}")),
            )
            for one in found
        ),
    )


def _shorter(sequence: SequenceConfig, epochs: int) -> object:
    return sequence.training.model_copy(update={"epochs": epochs})


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.incremental",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--config", type=Path, default=Path("configs/retrieval-sequence.yaml"), help="data and model")
    parser.add_argument("--work", type=Path, default=Path("var/incremental"), help="folder for models and checkpoints")
    parser.add_argument("--since", type=_day, default=_day("2017-10-01"), help="the first model knows what came before")
    parser.add_argument("--until", type=_day, default=_day("2017-12-01"), help="what comes from then on is asked for")
    parser.add_argument("--epochs", type=int, default=2, help="of training further")
    return parser.parse_args()


if __name__ == "__main__":
    main()
