"""What callers ask, and what became of it: every request is accounted for."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Any, Final, Literal

import httpx2

ALIKE: Final = 1e-3
"""Log-odds; batches round differently."""

MARGIN: Final = 5.0
"""Seconds beyond its deadline that a request may take: a step of the model is not interrupted, and others compute on
the same machine."""

Fate = Literal["full", "degraded", "done", "refused", "after the end", "unanswered"]
"""full: ranked by the LLM, as the answer says. degraded: not, as it says. done: whatever is no ranking. refused: an
error in the service's own form. after the end: its connection was refused, where no answer was due any more.
unanswered: the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A request."""

    path: str
    body: Mapping[str, Any]
    deadline: float = 30.0

    @property
    def sent(self) -> dict[str, Any]:
        """With its deadline, where it has one on the wire."""
        named = {} if self.path in _WITHOUT_DEADLINE else {"deadline_ms": self.deadline * 1000}
        return {**self.body, **named}

    @property
    def about(self) -> str:
        """What its answer depends on."""
        return f"{self.path} {sorted(self.body.items())}"


_WITHOUT_DEADLINE: Final = ("/v1/interactions",)
Scores = dict[Any, tuple[float, ...]]
"""Of each item, the one that decides first, in the order of the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a request; `at` and `seconds` by the clock of time.monotonic."""

    ask: Ask
    at: float
    seconds: float
    status: int | None = None
    body: Any = None
    failed: str = ""
    """Why there is no status."""
    unreached: bool = False
    """Whether nobody took its connection."""
    due: bool = True
    """Whether somebody had to."""

    @property
    def ended(self) -> float:
        """When."""
        return self.at + self.seconds

    @property
    def late(self) -> bool:
        """Whether it took longer than it may."""
        return self.seconds > self.ask.deadline + MARGIN

    @property
    def is_unanswered(self) -> bool:
        """Whether there is no answer, or one that came too late."""
        return self.late or self.fate == "unanswered"

    @property
    def fate(self) -> Fate:
        """What became of it, in a word."""
        if self.status is None:
            return "after the end" if self.unreached and not self.due else "unanswered"
        if self.status == 200:
            return self._ranked()
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return "refused" if isinstance(error, dict) and error.get("code") else "unanswered"

    def _ranked(self) -> Fate:
        match self.body:
            case {"items": [*_], "degraded": degraded} | {"llm_rerank": {"degraded": degraded}}:
                return "degraded" if degraded else "full"
            case {"llm_rerank": _}:
                return "full"
        return "done"

    @property
    def claims_receipt(self) -> bool:
        """Whether it is a ranking that nothing is missing in, the receipt neither."""
        return self.fate == "full" and self.body.get("ranking_id") is not None

    @property
    def scores(self) -> Scores:
        """Of a ranking."""
        if "items" in self.body:
            return {one["item_id"]: (one["score"], one["llm_score"]) for one in self.body["items"]}
        return {one["index"]: (_log_odds(one["relevance_score"]),) for one in self.body["results"]}

    @property
    def scored(self) -> int:
        """How many the LLM scored, as a ranking says."""
        about = self.body if "items" in self.body else self.body["llm_rerank"]
        return int(about["scored"])

    def is_like(self, reference: "Outcome") -> bool:
        """Whether this ranking, which says that it is the LLM's, has the items, the scores and the order of that."""
        ours, theirs = self.scores, reference.scores
        if ours.keys() != theirs.keys() or self.scored != len(ours):
            return False
        same = all(_close(ours[item], theirs[item]) for item in ours)
        deciding = [theirs[item][0] for item in ours]
        return same and all(above >= below - ALIKE for above, below in pairwise(deciding))


def send(client: httpx2.Client, url: str, ask: Ask) -> Outcome:
    """Sends it and waits as long as a caller would: its deadline and the margin."""
    begun = monotonic()
    try:
        reply = client.post(f"{url}{ask.path}", json=ask.sent, timeout=ask.deadline + MARGIN)
    except httpx2.TransportError as err:
        took, unreached = monotonic() - begun, isinstance(err, httpx2.ConnectError)
        return Outcome(ask=ask, at=begun, seconds=took, failed=repr(err), unreached=unreached)
    took = monotonic() - begun
    return Outcome(ask=ask, at=begun, seconds=took, status=reply.status_code, body=document(reply.text))


def document(text: str) -> Any:
    """What is in a JSON text; any other text as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)


def _close(ours: tuple[float, ...], theirs: tuple[float, ...]) -> bool:
    return all(abs(one - other) <= ALIKE for one, other in zip(ours, theirs, strict=True))
