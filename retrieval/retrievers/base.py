"""The retriever seam: a user's history in, candidates out."""

from collections.abc import Callable, Collection
from typing import Protocol

from pydantic import Field, NonNegativeFloat, PositiveFloat

from retrieval.records import Candidate, UserHistory
from retrieval.settings import Settings

OnStep = Callable[[int, int, str], None]
"""What takes long calls it with the steps done, the steps in all at most, and what is going on."""


class Retriever(Protocol):
    """Proposes items for a user. Fitted on a log once; the history it answers for comes fresh with every call."""

    @property
    def name(self) -> str:
        """The `source` its candidates carry."""
        ...

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """At most `top_n` candidates, best first, ranks from 1, no item twice and none of `exclude`.

        A retriever that knows nothing of this user (empty history, only unknown items) returns () and leaves the answer
        to others; popularity always answers. History items that are not in the catalogue are ignored.
        """
        ...


class SourceConfig(Settings):
    """What every retriever can be told."""

    weight: PositiveFloat = 1.0
    """Its say in the hybrid."""


class TasteConfig(Settings):
    """How much each item of a history counts: (the sum of its interactions, each halved by age) to a power."""

    half_life_days: PositiveFloat | None = 180.0
    """An interaction this much older than the newest counts half; none: age does not matter."""

    power: NonNegativeFloat = Field(default=0.5, le=1)
    """1: twice as often counts twice as much; 0: only whether counts, not how often or when."""
