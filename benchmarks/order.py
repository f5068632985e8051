"""What the order that candidates are read in does to their scores: nothing where they are packed, much with letters.

python -m benchmarks.order --out docs/results/order

The demo's tuned ranker and the untuned model by packed scoring, and the untuned model by letters, get the same made-up
lists, each in several orders.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show, stepping
from benchmarks.world import Cell, World
from eval.metrics.stability import RankChurn, rank_churn
from eval.promise import Promise
from llm_rerank.config import EngineConfig, RecommendConfig, RerankerConfig
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from retrieval.config import read_config
from retrieval.errors import LlmRerankError

_TUNED: Final = Path("configs/recommend.yaml")
_PACKED: Final = ("packed, tuned", "packed, untuned")
_LETTERS: Final = "letters, untuned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What other orders did, one ranker over all lists."""

    scores: float
    """By how much a score changed at most."""

    churn: tuple[RankChurn, ...]
    """Of each list."""

    @property
    def places(self) -> float:
        """That an item moves, in mean."""
        return float(np.mean([one.places for one in self.churn]))

    @property
    def first(self) -> float:
        """Share of pairs of orders with another first item."""
        return float(np.mean([one.top_flips for one in self.churn]))


def queries_of(world: World, lists: int, cell: Cell) -> list[Query]:
    """So many lists of the world's user, no item in two of them."""
    every = world.query(Cell(k=lists * cell.k, history=cell.history))
    return [
        Query(history=every.history, items=every.items[start : start + cell.k])
        for start in range(0, lists * cell.k, cell.k)
    ]


def moved(
    reranker: Reranker, queries: Sequence[Query], orders: int, rng: np.random.Generator, on_step: Callable[[], None]
) -> Moved:
    """Scores each list in so many orders."""
    apart, churn = 0.0, []
    for query in queries:
        on_step()
        scores = _scores(reranker, query, orders, rng)
        apart = max(apart, float(np.ptp(scores, axis=0).max()))
        churn.append(rank_churn(np.argsort(-scores, axis=1, kind="stable").astype(np.int32)))
    return Moved(scores=apart, churn=tuple(churn))


def _scores(reranker: Reranker, query: Query, orders: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Shape (orders, K), always in the items' own order."""
    found = np.empty((orders, len(query.items)))
    for row in found:
        order = rng.permutation(len(query.items))
        items = tuple(query.items[place] for place in order.tolist())
        (row[order],) = reranker.score([Query(history=query.history, items=items)])
    return found


def order_table(found: Mapping[str, Moved], lists: int, orders: int, candidates: int) -> Table:
    """A line a ranker."""
    return Table(
        title="Other orders of the same candidates",
        header=("ranker", "a score changes by, at most", "an item moves by, places", "another first"),
        rows=tuple((name, f"{one.scores:.2g}", f"{one.places:.2f}", f"{one.first:.0%}") for name, one in found.items()),
        notes=(
            f"{lists} lists of {candidates}, each in {orders} random orders. Packed scores are log-odds of yes, those "
            "of letters log-probabilities among the letters.",
        ),
    )


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.order", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--lists", type=int, default=10, help="of one user, no item in two of them")
    parser.add_argument("--orders", type=int, default=5, help="of each list")
    parser.add_argument("--candidates", type=int, default=20, help="of each list")
    parser.add_argument("--history", type=int, default=12, help="items of the history")
    options = parser.parse_args()
    try:
        _report(options)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.order: {err}")


def _report(options: argparse.Namespace) -> None:
    tuned, world = read_config(_TUNED, RecommendConfig), World(seed=0)
    queries = queries_of(world, options.lists, Cell(k=options.candidates, history=options.history))
    found: dict[str, Moved] = {}
    rankers = _rankers(tuned)
    with stepping(len(rankers) * options.lists) as on_step:
        for name, config in rankers.items():
            reranker = open_reranker(config, world.catalogue, say=console.print)
            found[name] = moved(reranker, queries, options.orders, np.random.default_rng(0), partial(on_step, name))
    promises = [
        promise
        for name in _PACKED
        for promise in (
            Promise(name=f"a score changes by, {name}", sense="at most", limit=1e-4, measured=found[name].scores),
            Promise(name=f"an item moves by, {name}, places", sense="at most", limit=0, measured=found[name].places),
        )
    ]
    tables = (promise_table(promises), order_table(found, options.lists, options.orders, options.candidates))
    show(tables)
    command = shlex.join(["python", "-m", "benchmarks.order", *sys.argv[1:]])
    about = machine(command, torch.device("cpu"), model=tuned.model, adapter_of_the_tuned=tuned.adapter)
    raw = {name: {"scores": one.scores, "places": one.places, "first": one.first} for name, one in found.items()}
    write_report(options.out, "Order of the candidates", tables, about, raw, promises=promises)


def _rankers(tuned: RecommendConfig) -> dict[str, RerankerConfig]:
    """On a CPU, in float32: in bfloat16 rounding would move scores too."""
    engine = EngineConfig(device="cpu")
    untuned = RerankerConfig(model=tuned.model, engine=engine)
    configs = (tuned.model_copy(update={"engine": engine}), untuned, untuned.model_copy(update={"method": "letters"}))
    return dict(zip((*_PACKED, _LETTERS), configs, strict=True))


if __name__ == "__main__":
    main()
