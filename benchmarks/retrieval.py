"""How long one user waits for candidates, once the shop is open.

python -m benchmarks.retrieval --folder var/shop --out docs/results/retrieval-latency

Candidates are asked for as the recommender asks for them. A search that looks into fewer lists is faster and may find
less, so that the report also says what share of the nearest items the folder's index finds.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.index import recall
from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show, stepping
from eval.promise import Promise
from llm_rerank.one_thread import OnOneThread
from retrieval.folder import BuiltShop, load_folder
from retrieval.indexes import load_index
from retrieval.indexes.base import FaissConfig, IndexConfig, VectorIndex
from retrieval.layout import INDEX
from retrieval.log import InteractionLog
from retrieval.retrievers.base import Retriever

_WARM_UP: Final = 20
_NEAREST: Final = 20
_LAST: Final = 10  # items of a history whose neighbours are looked for


def main() -> None:
    """Opens a build folder, measures, judges, writes the report and its raw numbers."""
    options = _options()
    shop = load_folder(options.folder)
    retriever = OnOneThread(shop.retriever)
    users = _some_users(shop, options.users, options.seed)
    for user in users[:_WARM_UP]:
        milliseconds_of(shop.log, retriever, user, options.candidates)
    taken = []
    with stepping(len(users)) as on_step:
        for user in users:
            on_step("candidates for one user")
            taken.append(milliseconds_of(shop.log, retriever, user, options.candidates))
    about = machine(
        shlex.join(["python", "-m", "benchmarks.retrieval", *sys.argv[1:]]),
        torch.device("cpu"),
        shop=f"{len(shop.catalogue)} items, {len(shop.log)} interactions, {len(shop.log.user_ids)} users",
        seed=options.seed,
    )
    found = found_share(shop, options.folder, users)
    promises = (*latency_promises(taken), recall_promise(found))
    tables = (promise_table(promises), latency_table(taken, options.candidates))
    show(tables)
    write_report(
        options.out, "Retrieval latency", tables, about, {"found": found, "milliseconds": taken}, promises=promises
    )
    console.print(f"Written to {options.out}")


def milliseconds_of(log: InteractionLog, retriever: Retriever, user: str, candidates: int) -> tuple[float, float]:
    """Reading the history, and retrieving for it."""
    start = perf_counter()
    history = log.history(user)
    read = perf_counter()
    retriever.retrieve(history, candidates)
    return 1000 * (read - start), 1000 * (perf_counter() - read)


def latency_table(taken: Sequence[tuple[float, float]], candidates: int) -> Table:
    """Percentiles of each step and of both, `taken` in milliseconds."""
    read, retrieved = np.array(taken).T
    steps = {"history": read, f"{candidates} candidates": retrieved, "both": read + retrieved}
    return Table(
        title="Milliseconds for one user",
        header=("step", "p50", "p95", "p99"),
        rows=tuple(
            (step, *(f"{value:.2f}" for value in np.percentile(values, (50, 95, 99)))) for step, values in steps.items()
        ),
        notes=(f"{len(taken)} users, one after the other, once warm; candidates on one thread.",),
    )


def latency_promises(taken: Sequence[tuple[float, float]]) -> tuple[Promise, ...]:
    """What retrieval promises."""
    median = float(np.median(np.array(taken).sum(axis=1)))
    return (Promise(name="history and candidates, p50", sense="below", limit=20, measured=median, unit="ms"),)


def found_share(shop: BuiltShop, folder: Path, users: Sequence[str]) -> float:
    """Of the items nearest to what these users bought last, the share that the shop's index finds."""
    bought = {item_id for user in users for item_id in shop.log.history(user).item_ids[-_LAST:]}
    queries = shop.vectors.at(np.array(sorted(map(shop.catalogue.position, bought)), dtype=np.intp))
    everywhere = load_index(_looking_everywhere(shop.config.index, len(shop.catalogue)), folder / INDEX)
    return recall(_nearest(shop.index, queries), _nearest(everywhere, queries))


def recall_promise(share: float) -> Promise:
    """What the index promises, as benchmarks.index asks it of a million vectors."""
    return Promise(
        name=f"nearest {_NEAREST} of a bought item that are found", sense="at least", limit=0.95, measured=share
    )


def _looking_everywhere(config: IndexConfig, items: int) -> IndexConfig:
    return config.model_copy(update={"nprobe": items}) if isinstance(config, FaissConfig) else config


def _nearest(index: VectorIndex, queries: NDArray[np.float32]) -> list[frozenset[str]]:
    return [frozenset(item_id for item_id, _ in found) for found in index.search(queries, _NEAREST)]


def _some_users(shop: BuiltShop, count: int, seed: int) -> list[str]:
    users = shop.log.user_ids
    rows = np.random.default_rng(seed).choice(len(users), size=min(count, len(users)), replace=False)
    return [users[row] for row in rows]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/shop"), help="a finished build")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--users", type=int, default=200, help="users asked for")
    parser.add_argument("--candidates", type=int, default=100, help="candidates a user")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of users")
    return parser.parse_args()


if __name__ == "__main__":
    main()
