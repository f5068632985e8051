"""A moment after which nobody waits for an answer any more, in the form in which engines look at wishes to stop."""

from threading import Event
from time import monotonic

from retrieval.errors import CancelledError, EngineError


class Deadline(Event):
    """Set by itself once its time has passed, or earlier by a caller who has gone."""

    def __init__(self, milliseconds: float) -> None:
        super().__init__()
        self.milliseconds = milliseconds
        self._at = monotonic() + milliseconds / 1000

    @property
    def passed(self) -> bool:
        """Whether its time is over; a caller who has gone is another matter."""
        return monotonic() >= self._at

    def is_set(self) -> bool:
        """Whether to stop."""
        return super().is_set() or self.passed

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set, or for so many seconds."""
        left = max(0.0, self._at - monotonic())
        super().wait(left if timeout is None else min(left, timeout))
        return self.is_set()

    def __str__(self) -> str:
        return f"the deadline of {self.milliseconds:g} ms has passed"


def has_passed(cancel: Event | None) -> bool:
    """Whether it is a deadline whose time is over."""
    return isinstance(cancel, Deadline) and cancel.passed


def why_missing(err: EngineError, cancel: Event | None) -> str:
    """Why the LLM did not answer; raises CancelledError where nobody waits for an answer any more."""
    if not isinstance(err, CancelledError):
        return str(err)
    if not has_passed(cancel):
        raise err
    return str(cancel)
