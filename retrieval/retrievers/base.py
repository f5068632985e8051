"""The retriever seam: a user's history in, candidates out."""

from collections.abc import Collection
from typing import Protocol

from retrieval.records import Candidate, UserHistory


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
