"""Searching a million item vectors: inverted lists against exact search.

python -m benchmarks.index --out docs/results/index-latency

The vectors are made up: points scattered around random centres, as items scatter around kinds of goods, of length 1.
Queries are further points around the same centres. Each is asked by itself, as a request asks.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show, stepping
from eval.promise import Promise
from retrieval.indexes.base import FaissConfig, VectorIndex
from retrieval.indexes.faiss import FaissIndex

_SPREAD: Final = 0.6  # length of the scatter against the length of a centre, which is 1
_WARM_UP: Final = 50
_EXACT: Final = "exact"
_DEFAULT: Final = "one list in seven"


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """One way of searching, over all queries."""

    name: str
    milliseconds: NDArray[np.float64]
    recall: float
    """Share of the exact top 100 that was found."""


def main() -> None:
    """Searches vectors of each geometry, judges each, writes the report and its raw numbers."""
    options = _options()
    with stepping(len(options.centres) * (3 + len(options.nprobe))) as on_step:
        found = {centres: searched(options, centres, on_step) for centres in options.centres}
    about = machine(
        shlex.join(["python", "-m", "benchmarks.index", *sys.argv[1:]]),
        torch.device("cpu"),
        vectors=f"{options.items:,} of {options.dimension} numbers",
        seed=options.seed,
    )
    geometries = [search_table(rows, options.top_n, centres) for centres, rows in found.items()]
    promises = promises_of(found, options.top_n)
    tables = (promise_table(promises), *geometries)
    show(tables)
    raw = {
        f"{centres} centres": {
            one.name: {"recall": one.recall, "milliseconds": one.milliseconds.tolist()} for one in rows
        }
        for centres, rows in found.items()
    }
    write_report(options.out, "Index latency", tables, about, raw, promises=promises)
    console.print(f"Written to {options.out}")


def searched(options: argparse.Namespace, centres: int, on_step: Callable[[str], None]) -> list[Searched]:
    """Exact search, then inverted lists at each nprobe, on the same vectors and queries."""
    vectors, queries = scattered(options.items, options.queries, options.dimension, centres, options.seed)
    ids = [str(number) for number in range(options.items)]
    on_step(f"{centres} centres, exact")
    truth, milliseconds = ask(filled(FaissConfig(ivf_from=options.items + 1), ids, vectors), queries, options.top_n)
    found = [Searched(name=_EXACT, milliseconds=milliseconds, recall=1.0)]
    with TemporaryDirectory() as folder:
        on_step(f"{centres} centres, placing the lists")
        filled(FaissConfig(ivf_from=1), ids, vectors).save(Path(folder))
        for nprobe in [*options.nprobe, FaissConfig().nprobe]:
            name = _DEFAULT if nprobe is None else f"nprobe {nprobe}"
            on_step(f"{centres} centres, inverted lists, {name}")
            index = FaissIndex.load(Path(folder), FaissConfig(ivf_from=1, nprobe=nprobe))
            answers, milliseconds = ask(index, queries, options.top_n)
            found.append(Searched(name=name, milliseconds=milliseconds, recall=recall(answers, truth)))
    return found


def scattered(
    items: int, queries: int, dimension: int, centres: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors (items, dimension) and (queries, dimension) around common centres."""
    rng = np.random.default_rng(seed)
    middle = _unit(rng.standard_normal((centres, dimension), dtype=np.float32))
    scale = np.float32(_SPREAD / dimension**0.5)

    def around(count: int) -> NDArray[np.float32]:
        noise = rng.standard_normal((count, dimension), dtype=np.float32)
        return _unit(middle[rng.integers(centres, size=count)] + scale * noise)

    return around(items), around(queries)


def filled(config: FaissConfig, ids: Sequence[str], vectors: NDArray[np.float32]) -> VectorIndex:
    """An index of all the vectors."""
    index = FaissIndex(config, vectors.shape[1])
    index.add(ids, vectors)
    return index


def ask(
    index: VectorIndex, queries: NDArray[np.float32], top_n: int
) -> tuple[list[frozenset[str]], NDArray[np.float64]]:
    """What each query found, and the milliseconds it took, once warm."""
    for query in queries[:_WARM_UP]:
        index.search(query[None], top_n)
    answers, taken = [], []
    for query in queries:
        start = perf_counter()
        (found,) = index.search(query[None], top_n)
        taken.append(1000 * (perf_counter() - start))
        answers.append(frozenset(item_id for item_id, _ in found))
    return answers, np.array(taken)


def recall(found: Sequence[frozenset[str]], truth: Sequence[frozenset[str]]) -> float:
    """Mean share of the true neighbours that were found."""
    return float(np.mean([len(mine & right) / len(right) for mine, right in zip(found, truth, strict=True)]))


def search_table(found: Sequence[Searched], top_n: int, centres: int) -> Table:
    """A row a way of searching."""
    return Table(
        title=f"The {top_n} nearest of one query, vectors around {centres:,} centres",
        header=("search", f"recall@{top_n}", "p50 ms", "p95 ms", "p99 ms"),
        rows=tuple(
            (
                one.name if one.name == _EXACT else f"inverted lists, {one.name}",
                f"{one.recall:.4f}",
                *(f"{value:.2f}" for value in np.percentile(one.milliseconds, (50, 95, 99))),
            )
            for one in found
        ),
        notes=(f"{len(found[0].milliseconds)} queries, one after the other.",),
    )


def promises_of(found: Mapping[int, Sequence[Searched]], top_n: int) -> tuple[Promise, ...]:
    """What the index promises for 100 neighbours around any number of centres, at its default number of lists."""
    return tuple(promise for centres, rows in found.items() for promise in _promises(rows, top_n, centres))


def _promises(found: Sequence[Searched], top_n: int, centres: int) -> tuple[Promise, Promise]:
    one = next((one for one in found if one.name == _DEFAULT and top_n == 100), None)
    p99 = None if one is None else float(np.percentile(one.milliseconds, 99))
    recalled = None if one is None else one.recall
    around = f"{_DEFAULT}, {centres:,} centres"
    return (
        Promise(name=f"recall@100, {around}", sense="at least", limit=0.95, measured=recalled),
        Promise(name=f"one query, p99, {around}", sense="below", limit=10, measured=p99, unit="ms"),
    )


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--items", type=int, default=1_000_000, help="vectors in the index")
    parser.add_argument("--queries", type=int, default=1_000, help="queries asked")
    parser.add_argument("--dimension", type=int, default=64, help="numbers a vector")
    parser.add_argument(
        "--centres",
        type=int,
        nargs="+",
        default=[1_000, 20_000],
        help="around which the vectors are scattered: with many, the nearest 100 of a query lie around several",
    )
    parser.add_argument("--top-n", type=int, default=100, help="neighbours asked for")
    parser.add_argument("--nprobe", type=int, nargs="+", default=[16, 64, 256], help="lists looked into")
    parser.add_argument("--seed", type=int, default=0, help="of the vectors")
    return parser.parse_args()


if __name__ == "__main__":
    main()
