"""Points in time, however a file writes them, as timestamps in UTC."""

from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from retrieval.errors import DatasetError

TimeUnit = Literal["s", "ms", "us", "ns"]

_PER_SECOND: Final[dict[TimeUnit, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LIMIT_SECONDS: Final = 9_000_000_000  # the year 2255; nanoseconds in 64 bits end in 2262
_NAMES_ZONE: Final = r"(?:[Zz]|[+-]\d{2}:?(?:\d{2})?)$"


def epochs(numbers: "pd.Series[float]", unit: TimeUnit) -> "pd.Series[Any]":
    """Times from numbers of `unit` since 1970 in UTC, NaT for NaN. One beyond all calendars becomes a far one."""
    limit = _LIMIT_SECONDS * _PER_SECOND[unit]
    return pd.to_datetime(numbers.clip(-limit, limit), unit=unit, utc=True)


def read_times(column: "pd.Series[Any]", unit: TimeUnit | None, zone: ZoneInfo) -> "pd.Series[Any]":
    """Times from text or from a column of times; empty ones are NaT.

    With a `unit` the text is a number since 1970; without, it is ISO 8601, in `zone` where it names none. When clocks
    are set back, the doubtful hour is the later one; when they are set forward, the missing hour moves forward.

    A text that is no such time is NaT. Raises DatasetError where all of them are: then the unit or the column is wrong.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        utc: pd.Series[Any] = column.dt.tz_convert("UTC")
        return utc
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return _in_utc(column, zone)
    given = column.notna() & (column.str.strip() != "")
    times = _from_numbers(column, unit) if unit else _from_text(column, zone)
    _require_some(column, times, given)
    return times


def _from_numbers(column: "pd.Series[Any]", unit: TimeUnit) -> "pd.Series[Any]":
    return epochs(pd.to_numeric(column, errors="coerce").astype(float), unit)


def _from_text(column: "pd.Series[Any]", zone: ZoneInfo) -> "pd.Series[Any]":
    times = pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce")
    local = _in_utc(times.dt.tz_localize(None), zone)
    return times.where(column.str.contains(r"\d[T ].*" + _NAMES_ZONE, na=False), local)


def _in_utc(naive: "pd.Series[Any]", zone: ZoneInfo) -> "pd.Series[Any]":
    later = np.zeros(len(naive), dtype=bool)
    local = naive.dt.tz_localize(zone, ambiguous=later, nonexistent="shift_forward")
    utc: pd.Series[Any] = local.dt.tz_convert("UTC")
    return utc


def _require_some(column: "pd.Series[Any]", times: "pd.Series[Any]", given: "pd.Series[bool]") -> None:
    wrong = column[given & times.isna()]
    if len(wrong) and len(wrong) == given.sum():
        raise DatasetError(
            f"not one of {len(wrong):,} times can be read, first row {wrong.index[0] + 1}",
            field=str(column.name),
            value=wrong.iloc[0],
            remedy="Write times like 2024-05-01T10:30:00+02:00, or set time_unit for numbers since 1970.",
        )
