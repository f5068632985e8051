"""Every error the program raises on purpose, as one tree.

    LlmRerankError                  anything we detected and can explain
    ├── DataError                   input data that cannot be used as it is
    │   ├── RecordError             one noun with an impossible value (negative price, empty id)
    │   ├── DatasetError            a data file that is missing, truncated, or lacks a column
    │   ├── UnknownUserError        no history under this user id
    │   ├── UnknownItemError        an item id that the catalogue does not hold
    │   └── EmptyCatalogueError     nothing to recommend from
    ├── ConfigError                 a YAML file or option with an unknown key or impossible value
    ├── BuildError                  a build folder that is incomplete, corrupt, or made from something else
    ├── TrainingError               a training that cannot go on
    ├── ModelError                  model files missing, truncated, or without the tokens we need
    ├── EngineError                 an engine could not answer
    │   └── CancelledError          the caller asked the engine to stop
    ├── StoreError                  the database cannot be reached, is full, or is of another version (store/errors.py)
    └── MissingExtraError           an optional dependency is not installed (also an ImportError)

Each names the field, the value and the remedy, in one line a person can act on.
"""

_LONGEST_VALUE = 80


class LlmRerankError(Exception):
    """Base of the tree. `field` and `value` say what was wrong, `remedy` what to do about it."""

    def __init__(self, problem: str, *, field: str = "", value: object = None, remedy: str = "") -> None:
        self.problem = problem
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        where = f"{self.field}={short(self.value)}: " if self.field else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{where}{self.problem}.{remedy}"


class DataError(LlmRerankError):
    """Input data that cannot be used as it is."""


class RecordError(DataError):
    """One noun with an impossible value."""


class DatasetError(DataError):
    """A data file that is missing, truncated, or lacks a column."""


class UnknownUserError(DataError):
    """No history is known under this user id."""


class UnknownItemError(DataError):
    """An item id that the catalogue does not hold."""


class EmptyCatalogueError(DataError):
    """There is no item to recommend from."""


class ConfigError(LlmRerankError):
    """A YAML file or option with an unknown key or an impossible value."""


class BuildError(LlmRerankError):
    """A build folder that is incomplete, corrupt, or made from other data or another model."""


class TrainingError(LlmRerankError):
    """A training that cannot go on."""


class ModelError(LlmRerankError):
    """Model files that are missing, truncated, or lack the tokens we need."""


class EngineError(LlmRerankError):
    """An engine could not answer."""


class CancelledError(EngineError):
    """The caller asked the engine to stop before it was done."""


class MissingExtraError(LlmRerankError, ImportError):
    """An optional dependency is not installed; the remedy names the extra that brings it."""


def short(value: object) -> str:
    """The value as one printable line: untrusted ids and titles must not break a terminal or a log."""
    text = ascii(value) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
