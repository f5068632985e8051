"""Moments as databases keep them: microseconds since 1970, UTC, the same in each."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    """As a number."""
    return (at - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """And back, in UTC."""
    return _EPOCH + number * _MICROSECOND
