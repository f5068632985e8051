"""What is noted of a request while it is answered, for the log, the metrics and the trace.

Nothing of it is a user's: no ids of theirs, no histories, titles or texts; a path is known by its template alone.
"""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from llm_rerank.deadline import Deadline
from llm_rerank.ranking import AnsweredBy
from llm_rerank.wire.rankings import Cause
from retrieval.store.keys import ApiKey
from retrieval.store.moments import now

LEFT: Final = 499
"""The status, as proxies say it, of a request whose caller left before it was answered."""
NO_ROUTE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(kw_only=True, slots=True)
class Notes:
    """Of one request."""

    request_id: str
    method: str
    route: str = NO_ROUTE
    began: datetime = field(default_factory=now)
    came: float = field(default_factory=monotonic)
    """The same moment, by the clock of deadlines."""
    status: int = LEFT
    seconds: float = 0.0
    trace_id: str = ""
    caller: ApiKey | None = None
    error: str = ""
    """The code of the error that it was answered with."""
    deadline: Deadline | None = None
    placed: bool = True
    """Whether there was a place at the model before that passed."""
    answered_by: AnsweredBy | None = None
    degraded: tuple[Cause, ...] = ()
    scored: int = 0
    """Items of the answer that the LLM scored,"""
    not_scored: int = 0
    """and those that it did not."""
    ranking_id: str = ""
    ranking_lost: bool = False
    """Whether the database did not keep the ranking."""

    @classmethod
    def begin(cls, scope: MutableMapping[str, Any], request_id: str | None) -> "Notes":
        """On this request; the caller's id of it is taken where it is well formed, else it gets one."""
        given = request_id if request_id and _REQUEST_ID.fullmatch(request_id) else uuid4().hex
        notes = cls(request_id=given, method=scope["method"] if scope["method"] in _METHODS else "OTHER")
        scope.setdefault("state", {})["notes"] = notes
        return notes

    def answer(self, answered_by: AnsweredBy, scored: int, items: int) -> None:
        """Whose order it has, and how much of it the LLM scored."""
        self.answered_by, self.scored, self.not_scored = answered_by, scored, items - scored

    def missing(self, because: str, *, stale: bool = False) -> list[Cause]:
        """What is behind `because`, why something is missing, and `stale`, whether the newest of a history is."""
        causes: list[Cause] = ["database"] if stale else []
        if because:
            late: Cause = "deadline" if self.placed else "overload"
            causes.append(late if because.endswith(str(self.deadline)) else "engine")
        self.degraded = tuple(causes)
        return causes

    def ids(self) -> Mapping[str, str]:
        """By which what is logged meanwhile belongs together."""
        return {"request_id": self.request_id} | ({"trace_id": self.trace_id} if self.trace_id else {})

    def shown(self) -> Mapping[str, Any]:
        """For a log, without what is not known or does not apply."""
        known = {
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "ms": round(1000 * self.seconds, 1),
            "tenant": self.caller and self.caller.tenant,
            "key_id": self.caller and self.caller.key_id,
            "error": self.error,
            "answered_by": self.answered_by,
            "degraded": list(self.degraded),
            "ranking_id": self.ranking_id,
        }
        return {name: value for name, value in known.items() if value not in (None, "", [])}


def notes_of(scope: MutableMapping[str, Any]) -> Notes:
    """Those on this request."""
    notes: Notes = scope["state"]["notes"]
    return notes
