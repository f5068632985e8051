"""Two configurations against each other, in a line that a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Final

_MOST: Final = 3


def differences(before: object, now: object) -> str:
    """The first few leaves that differ, with their dotted keys; empty where all are the same."""
    mine, theirs = dict(flat(before)), dict(flat(now))
    keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
    shown = [f"{key} was {mine.get(key)!r} and is now {theirs.get(key)!r}" for key in keys[:_MOST]]
    more = len(keys) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def flat(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Leaves of nested mappings and sequences under dotted keys."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from flat(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        yield from flat(dict(enumerate(value)), key)
    else:
        yield key, value
