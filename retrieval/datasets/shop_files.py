"""A shop's own CSV or Parquet files, whatever their columns are called."""

from datetime import datetime
from typing import Final

import pandas as pd

from retrieval.datasets.base import InteractionsFile, ItemsFile, ShopFilesConfig
from retrieval.datasets.cleaning import ITEM_COLUMNS, LoadedShop, clean
from retrieval.datasets.report import Sieve
from retrieval.datasets.tables import read_columns
from retrieval.datasets.times import read_times
from retrieval.errors import DatasetError
from retrieval.log import COLUMNS

_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})


def load(config: ShopFilesConfig, now: datetime) -> LoadedShop:
    """All items and interactions of the shop."""
    items = Sieve("items", _items(config.items), strict=config.strict)
    interactions = Sieve("interactions", _interactions(config.interactions), strict=config.strict)
    return clean(config.name, items, interactions, now=now)


def _items(file: ItemsFile) -> pd.DataFrame:
    mapping = file.columns.model_dump(include=set(ITEM_COLUMNS), exclude_none=True)
    table = read_columns(file.path, [*mapping.values(), *file.columns.attributes], file.delimiter)
    known = {ours: table[theirs] for ours, theirs in mapping.items()}
    attributes = {name: table[name] for name in file.columns.attributes}
    frame = pd.DataFrame({**dict.fromkeys(ITEM_COLUMNS), **known, **attributes}, index=table.index)
    stock = file.columns.available
    return frame.assign(available=True if stock is None else _availability(table[stock]))


def _interactions(file: InteractionsFile) -> pd.DataFrame:
    mapping = file.columns.model_dump(exclude_none=True)
    table = read_columns(file.path, list(mapping.values()), file.delimiter)
    known = {ours: table[theirs] for ours, theirs in mapping.items()}
    frame = pd.DataFrame({**dict.fromkeys(COLUMNS), **known}, index=table.index)
    return frame.assign(
        timestamp=read_times(table[file.columns.timestamp], file.time_unit, file.time_zone).dt.tz_convert(
            file.time_zone
        ),
        kind=file.kind,
        text=frame["text"].fillna(""),
    )


def _availability(column: "pd.Series[str]") -> "pd.Series[bool]":
    word = column.str.strip().str.lower()
    wrong = column[column.notna() & ~word.isin(_YES | _NO | {""})]
    if len(wrong):
        raise DatasetError(
            f"{len(wrong):,} items that are neither available nor not, first row {wrong.index[0] + 1}",
            field=str(column.name),
            value=wrong.iloc[0],
            remedy="Write true or false, yes or no, 1 or 0.",
        )
    return ~word.isin(_NO)
