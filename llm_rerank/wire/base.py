"""What all of it has in common."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_NO_NUL: Final = r"^[^\x00]*$"  # databases keep none

Id = Annotated[str, Field(min_length=1, max_length=256, pattern=_NO_NUL)]
Text = Annotated[str, Field(max_length=10_000, pattern=_NO_NUL)]


def _counted(number: object) -> object:
    if isinstance(number, bool | str):
        raise ValueError("this is no number")
    return number


COUNTED: Final = BeforeValidator(_counted)
"""For JSON's integers, of which 3.0 is one, and `true` and "3" are not. After the bounds, which it would hide."""

Priority = Annotated[int, Field(ge=0, le=999), COUNTED]


def _written(moment: object) -> object:
    if isinstance(moment, datetime) or (isinstance(moment, str) and ":" in moment):
        return moment
    raise ValueError("a moment is written as 2026-01-31T12:00:00Z")  # of a number nobody knows what it counts


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this is before the year 1 or after 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""With a time zone."""


class Sent(BaseModel):
    """What a caller sends: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Answered(BaseModel):
    """What the service answers: a client passes over what a newer service says besides."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)
