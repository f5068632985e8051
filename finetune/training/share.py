"""How processes divide the lists of a step or of a validation among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.layout import passes

Passes = tuple[tuple[ScoringRequest, ...], ...]
"""Forward passes, and what each of them packs; one that packs nothing is there to be waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Which process this is, of how many."""

    rank: int = 0
    world: int = 1

    def passes(self, requests: Sequence[ScoringRequest], tokens: int) -> Passes:
        """This process's part of what all have to compute, in passes of so many tokens.

        Every process has as many, empty ones at the end: where each holds a part of the weights, none gets through a
        layer without the others.
        """
        parts = [passes(self._part(requests, rank), tokens) for rank in range(self.world)]
        mine = parts[self.rank]
        return mine + ((),) * (max(map(len, parts)) - len(mine))

    def _part(self, requests: Sequence[ScoringRequest], rank: int) -> Sequence[ScoringRequest]:
        return requests[len(requests) * rank // self.world : len(requests) * (rank + 1) // self.world]
