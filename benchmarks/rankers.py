"""What became of the ranking when something was done to the ranker: trained further, pruned, distilled, made smaller.

python -m benchmarks.rankers --config configs/rankers/….yaml --out docs/results/…

Every ranker scores the same lists, those of users whom no training on these examples has seen: what came next, among
retrieval's best. Whether one that learnt from others has seen them, the configuration must know.
Scores are kept, so that an interrupted run goes on; those of a ranker whose weights changed are asked for again.
"""

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt, model_validator
from rich.progress import Progress
from scipy.stats import kendalltau

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import show
from eval.code import code_behind, one_digest
from eval.kept import Kept
from eval.metrics.stability import RankChurn, rank_churn
from eval.statistics.significance import bootstrap_interval, difference
from finetune.examples import Example, ExampleFolder
from finetune.training.lists import JUDGED, history_of, judged_among, judging_chance
from llm_rerank.config import RerankerConfig
from llm_rerank.models import prepare_model
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from llm_rerank.served import served_adapter
from retrieval.config import read_config
from retrieval.errors import DatasetError, LlmRerankError
from retrieval.progress import showing_progress
from retrieval.settings import Settings

RETRIEVAL: Final = "retrieval's order"
_METRIC: Final = "NDCG@10"
_AT_ONCE: Final = 8  # lists that an interruption may cost
_MADE: Final = Path("var/rankers")
_LISTS: Final = {"targets", "candidates", "skip", "lists"}
"""Settings that say which lists are scored."""

_WRITTEN_BY: Final = ("finetune/training/lists.py", "finetune/examples.py")
"""What says which items a list has: kept scores are those of a list that it still writes."""

Scores = list[list[float]]


class RankersConfig(Settings):
    """Which rankers are compared on what."""

    title: str
    """Of the report."""

    examples: Mapping[str, Path]
    """Folders that `llm-rerank examples` wrote, by what their validation lists are called here."""

    rankers: Mapping[str, RerankerConfig]
    """By name."""

    reference: str
    """The ranker that the others are compared with."""

    targets: Literal["any", "retrieved"] = "retrieved"
    """retrieved: only lists whose target retrieval proposed too, as in service."""

    candidates: int = Field(default=JUDGED, ge=2)
    """Of a list, the target among them."""

    skip: NonNegativeInt = 0
    """So many lists at the start, by which trainings chose their best weights."""

    lists: PositiveInt = 500
    """At most."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        usual = RerankerConfig()
        for name, ranker in self.rankers.items():
            if (ranker.candidates, ranker.llm_weight) != (usual.candidates, usual.llm_weight):
                raise ValueError(f"rankers: candidates and llm_weight of {name} have no say here; leave them out")
        if self.reference not in self.rankers:
            raise ValueError(f"reference: {self.reference} is none of {sorted(self.rankers)}; name one of them")
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """What one ranker made of one folder's lists, the target first in each."""

    scores: Scores
    seconds: float
    """A list's, in mean, when it was scored."""

    @property
    def gains(self) -> NDArray[np.float64]:
        """NDCG@10 of each list; what scores the same comes before the target."""
        places = np.array([sum(score >= of_list[0] for score in of_list[1:]) for of_list in self.scores])
        return ndcg(places)


def ndcg(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """NDCG@10 where the only relevant item lies there, counted from 0."""
    return np.where(places < 10, 1 / np.log2(2.0 + places), 0.0)


def read_lists(config: RankersConfig, examples: ExampleFolder) -> list[Example]:
    """The examples that lists are made of; raises DatasetError where there are none."""
    rows = (row for row in examples.all("validation") if row.rank or config.targets == "any")
    found = list(islice(rows, config.skip, config.skip + config.lists))
    if not found:
        raise DatasetError(
            f"{examples.folder} has no list to compare on",
            field="examples",
            value=str(examples.folder),
            remedy="Skip fewer, take any targets, or make examples with a larger validation_share.",
        )
    return found


def ask(reranker: Reranker, rows: Sequence[Example], candidates: int) -> Scores:
    """Scores of each list, the target's first; it is shown where chance says, since letters depend on the order."""
    catalogue, queries, orders = reranker.catalogue, [], []
    for row in rows:
        items = (row.target, *judged_among(row, candidates))
        shown = judging_chance(row).permutation(len(items))
        orders.append(np.argsort(shown))
        asked = tuple(catalogue.at(items[number]) for number in shown)
        queries.append(Query(history=history_of(row, catalogue), items=asked))
    return [of_list[order].tolist() for of_list, order in zip(reranker.score(queries), orders, strict=True)]


def retrieval_gains(rows: Sequence[Example], candidates: int) -> NDArray[np.float64]:
    """NDCG@10 of the order that retrieval had proposed; a target beyond the candidates is put among them, and last."""
    return ndcg(np.array([min(row.rank, candidates) - 1 for row in rows]))


def rank(name: str, config: RankersConfig, examples: ExampleFolder, progress: Progress) -> Ranked:
    """Scores the lists of one folder, going on where an earlier run stopped."""
    ranker = config.rankers[name].settled()
    examples.require_histories(ranker.prompt.history_items)
    model, adapter = prepare_model(ranker.model, say=progress.console.print), served_adapter(ranker.adapter)
    weights = f"{model.fingerprint} {adapter.adapter_id if adapter else ''} {ranker.prompt.fingerprint}"
    written = one_digest(code_behind(*_WRITTEN_BY))
    about = f"{weights} {examples.made_from} {config.model_dump_json(include=_LISTS)} {written}"
    kept = Kept("scores", "benchmarks/rankers.py", ranker, extra=about, folder=_MADE)
    rows = read_lists(config, examples)
    missing = [start for start in range(0, len(rows), _AT_ONCE) if str(start) not in kept]
    if missing:
        reranker = open_reranker(ranker, examples.catalogue, say=progress.console.print)
        for start in progress.track(missing, description=name):
            began = perf_counter()
            scores = ask(reranker, rows[start : start + _AT_ONCE], config.candidates)
            kept.keep(str(start), {"scores": scores, "seconds": perf_counter() - began})
    found = [kept[str(start)] for start in range(0, len(rows), _AT_ONCE)]
    scores = [of_list for chunk in found for of_list in chunk["scores"]]
    return Ranked(scores=scores, seconds=sum(chunk["seconds"] for chunk in found) / len(rows))


def quality_table(folder: str, gains: Mapping[str, NDArray[np.float64]], reference: str) -> Table:
    """How good each ranker is, by NDCG@10 of each list, and how sure that it is better or worse than the reference."""
    return Table(
        title=f"{folder}: {len(gains[reference])} lists",
        header=("ranker", _METRIC, "95 % interval", f"minus {reference}", "95 % interval", "p"),
        rows=tuple(_quality(name, each, gains[reference]) for name, each in gains.items()),
        notes=(
            "One list a user. Intervals: bootstrap over lists, paired for differences; p: paired permutation test, of "
            "each line alone. They tell of these rankers; another training of the same settings is another ranker.",
        ),
    )


def _quality(name: str, gains: NDArray[np.float64], reference: NDArray[np.float64]) -> tuple[str, ...]:
    mean, less = bootstrap_interval(gains, metric=_METRIC), difference(gains, reference, metric=_METRIC)
    apart = less.difference
    return (
        name,
        f"{mean.mean:.4f}",
        f"{mean.low:.4f} to {mean.high:.4f}",
        f"{apart.mean:+.4f}",
        f"{apart.low:+.4f} to {apart.high:+.4f}",
        f"{less.p_value:.4f}",
    )


def churn_table(folder: str, ranked: Mapping[str, Ranked], reference: str, sizes: Mapping[str, int]) -> Table:
    """What each ranker moves, weighs and takes."""
    return Table(
        title=f"{folder}: what moves, and what it costs",
        header=("ranker", "places moved", "Kendall's tau", "same first item", "s a list", "MB on disk"),
        rows=tuple(
            (
                name,
                f"{np.mean([churn.places for churn in _churns(one, ranked[reference])]):.2f}",
                f"{np.mean([kendalltau(*pair).statistic for pair in _pairs(one, ranked[reference])]):.3f}",
                f"{1 - np.mean([churn.top_flips for churn in _churns(one, ranked[reference])]):.0%}",
                f"{one.seconds:.2f}",
                f"{sizes[name] / 1e6:.0f}",
            )
            for name, one in ranked.items()
        ),
        notes=(
            f"Places moved: of an item, in mean, against {reference}. Seconds were not taken side by side: other work "
            "may have disturbed some rankers and not others. On disk: what is loaded, base and adapter.",
        ),
    )


def _pairs(one: Ranked, other: Ranked) -> Iterator[tuple[list[float], list[float]]]:
    return zip(one.scores, other.scores, strict=True)


def _churns(one: Ranked, other: Ranked) -> list[RankChurn]:
    return [rank_churn(np.array([best_first(a), best_first(b)], dtype=np.int32)) for a, b in _pairs(one, other)]


def best_first(scores: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """The places of a list's items in the order of their scores."""
    return np.argsort(-np.asarray(scores), kind="stable")


def bytes_of(ranker: RerankerConfig) -> int:
    """Weights on the disk, of the base and of the adapter."""
    adapter = served_adapter(ranker.adapter)
    base = sum(path.stat().st_size for path in prepare_model(ranker.model).folder.glob("*.safetensors"))
    return base + (adapter.size if adapter else 0)


def compare(config: RankersConfig, progress: Progress) -> tuple[tuple[Table, ...], dict[str, Any]]:
    """All rankers on all folders: the tables, and each list's NDCG@10."""
    tables, raw = [], {}
    sizes = {name: bytes_of(ranker) for name, ranker in config.rankers.items()}
    for folder, path in config.examples.items():
        examples = ExampleFolder(path)
        ranked = {name: rank(name, config, examples, progress) for name in config.rankers}
        gains = {name: one.gains for name, one in ranked.items()}
        if config.targets == "retrieved":  # of a target that it did not propose retrieval's order says nothing
            gains = {RETRIEVAL: retrieval_gains(read_lists(config, examples), config.candidates)} | gains
        tables.append(quality_table(folder, gains, config.reference))
        tables.append(churn_table(folder, ranked, config.reference, sizes))
        raw[folder] = {name: each.tolist() for name, each in gains.items()}
    return tuple(tables), raw


def main() -> None:
    """Compares, and writes the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rankers", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/rankers/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    given = parser.parse_args()
    command = shlex.join(["python", "-m", "benchmarks.rankers", *sys.argv[1:]])
    try:
        config = read_config(given.config, RankersConfig)
        with showing_progress() as progress:
            tables, raw = compare(config, progress)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.rankers: {err}")
    show(tables)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    about = machine(command, device, candidates=config.candidates, targets=config.targets, skipped=config.skip)
    write_report(given.out, config.title, tables, about, {"gains": raw})


if __name__ == "__main__":
    main()
