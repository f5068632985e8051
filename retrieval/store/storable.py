"""What every database keeps as it is."""

from retrieval.errors import RecordError
from retrieval.store.schema import LONGEST_ID


def require_id(name: str, value: str) -> None:
    """Raises RecordError for an id that is too long to be indexed, empty, or no text."""
    if not value.strip() or len(value) > LONGEST_ID or not _is_text(value):
        raise RecordError(
            f"an id has 1 to {LONGEST_ID} characters of Unicode and no NUL",
            field=name,
            value=value,
            remedy="Send a shorter or another one.",
        )


def require_text(name: str, value: str) -> None:
    """Raises RecordError for what is no text."""
    if not _is_text(value):
        raise RecordError(
            "a text has characters of Unicode and no NUL", field=name, value=value, remedy="Leave out what is neither."
        )


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\x00" not in value
