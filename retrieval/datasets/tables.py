"""Columns of a CSV or Parquet file as text, so that an id stays what the shop wrote: "007" is not 7."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from retrieval.errors import DatasetError

_PARQUET_MAGIC: Final = b"PAR1"


def read_columns(path: Path, columns: Sequence[str], delimiter: str) -> pd.DataFrame:
    """These columns, in this order: text with None where empty, and Parquet's dates and times as such.

    Raises DatasetError for a file that is missing or broken, and, naming what it has, for one that lacks a column.
    """
    wanted = list(dict.fromkeys(columns))
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
        _require(path, wanted, parquet.read_schema(path).names if is_parquet else _csv_header(path, delimiter))
        table = parquet.read_table(path, columns=wanted) if is_parquet else _read_csv(path, wanted, delimiter)
        return pd.DataFrame({name: _as_text(table[name]).to_pandas() for name in wanted})
    except (OSError, pa.ArrowException) as err:
        raise DatasetError(
            f"the file cannot be read ({err})",
            field="path",
            value=str(path),
            remedy="It must be Parquet, or CSV in UTF-8 with a header and one delimiter.",
        ) from err


def _require(path: Path, wanted: Sequence[str], present: Sequence[str]) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise DatasetError(
            f"{path.name} has no such column, only {', '.join(present)}",
            field="columns",
            value=missing,
            remedy="Name existing columns, and for a CSV file check the delimiter.",
        )


def _csv_header(path: Path, delimiter: str) -> list[str]:
    with csv.open_csv(path, parse_options=_parsing(delimiter)) as reader:
        return list(reader.schema.names)


def _read_csv(path: Path, wanted: Sequence[str], delimiter: str) -> pa.Table:
    conversion = csv.ConvertOptions(
        include_columns=wanted,
        column_types=dict.fromkeys(wanted, pa.string()),
        strings_can_be_null=True,
        null_values=[""],  # only what is empty: a price that says "NaN" is wrong, not missing
    )
    return csv.read_csv(path, parse_options=_parsing(delimiter), convert_options=conversion)


def _parsing(delimiter: str) -> csv.ParseOptions:
    return csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)  # reviews have line breaks


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us") if pa.types.is_date(column.type) else pa.string())
