"""A benchmark's training log as a shop's own files, so that any job that reads a shop can learn from it.

What the benchmark asks about is not in them. `kind: files` reads them; configs/finetune/ has their columns.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eval.config import EvalConfig
from eval.data import load_benchmark
from eval.protocol import Protocol
from retrieval.catalogue import Catalogue
from retrieval.datasets.cleaning import EARLIEST
from retrieval.files import write_whole
from retrieval.log import InteractionLog

ITEMS: Final = "items.parquet"
INTERACTIONS: Final = "interactions.parquet"


def export_shop(config: EvalConfig, folder: Path) -> None:
    """Writes the whole catalogue, and what may be learnt from in the order of the log."""
    benchmark = load_benchmark(config.data, config.counts)
    learnt = Protocol(config.protocol, benchmark).learnt
    _write(folder / ITEMS, item_table(benchmark.shop.catalogue))
    _write(folder / INTERACTIONS, interaction_table(learnt))


def item_table(catalogue: Catalogue) -> Any:
    """A row an item, with those columns of which any item has something; attributes under their own names."""
    columns = {
        "item_id": _texts(item.item_id for item in catalogue),
        "title": _texts(item.title for item in catalogue),
        "category": _texts(item.category for item in catalogue),
        "brand": _texts(item.brand for item in catalogue),
        "price": pa.array([item.price for item in catalogue], pa.float64()),
    }
    if catalogue.unavailable:
        columns["available"] = _texts("yes" if item.available else "no" for item in catalogue)
    for name in dict.fromkeys(name for item in catalogue for name in item.attributes):
        columns.setdefault(name, _texts(item.attributes.get(name, "") for item in catalogue))
    return pa.table({name: column for name, column in columns.items() if column.null_count < len(column)})


def interaction_table(log: InteractionLog) -> Any:
    """A row an interaction. No shop's file may say that something was before 1990: an older log is moved as a whole."""
    times = log.frame["timestamp"]
    late = pd.Timestamp(EARLIEST) - times.min()
    if late > pd.Timedelta(0):
        times = times + late.ceil("D")
    return pa.table(
        {
            "user_id": _texts(log.frame["user_id"]),
            "item_id": _texts(log.frame["item_id"]),
            "timestamp": pa.array(times),
        }
    )


def _texts(texts: Iterable[str]) -> Any:
    return pa.array([text or None for text in texts], pa.string())


def _write(path: Path, table: Any) -> None:
    write_whole(path, lambda part: pq.write_table(table, part))
