"""What a scenario found, and what follows from it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from benchmarks.faults.asking import MARGIN, Outcome
from benchmarks.table import Table
from eval.promise import Promise
from llm_rerank.service.config import ServeConfig
from retrieval.store.database import Database
from retrieval.store.interactions import InteractionStore

_ALL: Final = 10**9


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One scenario's; of requests, `expected` are the statuses that are right answers to them."""

    scenario: str
    engine: str
    outcomes: tuple[Outcome, ...]
    expected: frozenset[int]
    wrong: tuple[Outcome, ...] = ()
    """Rankings that say that they are the LLM's and are not."""
    kept: int = 0
    """Interactions that were acknowledged."""
    lost: int = 0
    """Of these, that are not there."""
    recovery: float | None = None
    """Seconds from the end of the fault, or from a death, to the first answer in full; infinite: there was none."""
    unkept: int = 0
    """Rankings that name a receipt which nobody could keep."""
    freed: float | None = None
    """Seconds that the model went on for clients who had left; infinite: it did not end."""
    left: int = 0
    """Processes that outlived the service."""
    exit_status: int | None = None
    """Of a service that was told to stop."""
    notes: tuple[str, ...] = ()

    @property
    def unanswered(self) -> tuple[Outcome, ...]:
        """Those without an answer, or with one after their deadline and the margin."""
        return tuple(one for one in self.outcomes if one.is_unanswered)

    @property
    def unexpected(self) -> tuple[Outcome, ...]:
        """Those with a status that is no right answer."""
        return tuple(one for one in self.outcomes if one.status is not None and one.status not in self.expected)

    @property
    def row(self) -> tuple[str, ...]:
        """For the table."""
        in_time = [one for one in self.outcomes if not one.is_unanswered]
        fates = Counter(one.fate for one in in_time)
        refused = Counter(one.status for one in in_time if one.fate == "refused")
        return (
            self.scenario,
            self.engine,
            str(len(self.outcomes)),
            *(str(fates[fate]) for fate in ("full", "degraded", "done")),
            ", ".join(f"{status}: {count}" for status, count in sorted(refused.items())),
            str(fates["after the end"] or ""),
            str(len(self.unanswered)),
            str(len(self.wrong)),
            f"{self.lost} of {self.kept}" if self.kept else "",
            "" if self.recovery is None else f"{self.recovery:.1f}",
            f"{max((one.seconds for one in self.outcomes), default=0):.1f}",
        )


def lost_of(outcomes: Sequence[Outcome], config: ServeConfig) -> tuple[int, int]:
    """How many interactions were acknowledged, and how many of them the database does not have."""
    acknowledged: dict[str, set[datetime]] = {}
    for one in outcomes:
        if one.ask.path == "/v1/interactions" and one.status == 200:
            for sent in one.ask.body["interactions"]:
                acknowledged.setdefault(sent["user_id"], set()).add(datetime.fromisoformat(sent["timestamp"]))
    database = Database.open(config.database)
    try:
        store = InteractionStore(database)
        histories = {user_id: store.history(config.tenant, user_id, _ALL) for user_id in acknowledged}
    finally:
        database.close()
    there = {user_id: {one.timestamp for one in known.interactions} for user_id, known in histories.items()}
    count = sum(map(len, acknowledged.values()))
    return count, sum(len(times - there[user_id]) for user_id, times in acknowledged.items())


def faults_table(found: Sequence[Found]) -> Table:
    """A line a scenario."""
    return Table(
        title="What became of every request",
        header=(
            *("fault", "engine", "requests", "ranked by the LLM", "degraded, and says so", "other answers"),
            *(
                "refused",
                "sent after the end",
                "unanswered",
                "not the LLM's order, said to be",
                "acknowledged and lost",
            ),
            *("s to recover", "s at most"),
        ),
        rows=tuple(one.row for one in found),
        notes=(
            "Each request is in one of the columns from the LLM's to the unanswered. refused: an error in the "
            "service's own form, by status. sent after the end: once the service was told to stop and its notice was "
            "over; their connections were refused. unanswered: no answer, a broken connection, an answer in no form of "
            f"ours, or one later than the request's deadline and {MARGIN:g} s (a step of the model is not interrupted, "
            "and others compute on the same machine); of a slow reader the seconds count in which it waited. Rankings "
            "that say that they are the LLM's are compared with the same request's before the fault: items, scores to "
            "0.001, order. s to recover: from the end of the fault, for a killed engine from its death, to the first "
            "ranking by the LLM of a request that was sent after that (of the disk and the database: to the first "
            "acknowledgement); the service was not started again. s at most: the slowest answer.",
            *(f"{one.scenario}: {note}" for one in found for note in one.notes),
        ),
    )


def fault_promises(found: Sequence[Found], patience: float) -> tuple[Promise, ...]:
    """Of all scenarios together, and how long each took to recover."""
    requests = sum(len(one.outcomes) for one in found)
    kept = sum(one.kept for one in found)
    full = sum(outcome.fate == "full" for one in found for outcome in one.outcomes)
    never = (
        (f"requests without an answer in time, of {requests}", sum(len(one.unanswered) for one in found)),
        (f"answers of a wrong kind, of {requests}", sum(len(one.unexpected) for one in found)),
        (f"rankings said to be the LLM's that are not, of {full}", sum(len(one.wrong) for one in found)),
        (f"interactions acknowledged and lost, of {kept}", sum(one.lost for one in found)),
        ("processes left behind by a service that has ended", sum(one.left for one in found)),
        ("services that did not end with exit status 0", sum(one.exit_status not in (None, 0) for one in found)),
        ("rankings that name a receipt while the database hung", sum(one.unkept for one in found)),
    )
    return (
        *(Promise(name=name, sense="at most", limit=0, measured=float(count)) for name, count in never),
        *(_within(patience, f"to recover, {one.scenario}", one.recovery) for one in found if one.recovery is not None),
        *(
            _within(MARGIN, f"until the model is free, {one.scenario}", one.freed)
            for one in found
            if one.freed is not None
        ),
    )


def _within(limit: float, what: str, seconds: float) -> Promise:
    return Promise(name=f"seconds {what}", sense="at most", limit=limit, measured=min(seconds, 1e6), unit="s")


def first_after(outcomes: Sequence[Outcome], ended: float, fate: str) -> float:
    """Seconds from then to the first such end of a request that was sent since."""
    return min((one.ended - ended for one in outcomes if one.at >= ended and one.fate == fate), default=math.inf)
