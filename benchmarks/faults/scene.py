"""What scenarios have to do with: a service that is ready, requests, and what is right to answer to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.faults.asking import Ask, Outcome
from benchmarks.faults.found import Found, first_after, lost_of
from benchmarks.faults.load import Load, ranking_callers, references, writing_caller
from benchmarks.faults.served import Served


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One service's."""

    served: Served
    asks: tuple[Ask, ...]
    """Rankings."""
    references: Mapping[str, Outcome]
    """What the LLM answered to each of them when nothing was wrong."""
    item_id: str
    """Something that is sold."""
    deadline: float
    """Seconds that callers give a ranking while something is wrong."""
    patience: float
    """Seconds in which it must have recovered."""

    @classmethod
    def of(cls, served: Served, asks: Sequence[Ask], item_id: str, *, deadline: float, patience: float) -> "Scene":
        """Asks each once, before anything is done to the service."""
        return cls(
            served=served,
            asks=tuple(asks),
            references=references(served, asks),
            item_id=item_id,
            deadline=deadline,
            patience=patience,
        )

    def load(self, name: str, *, ranking: int = 3, writing: int = 1, deadline: float | None = None) -> Load:
        """So many callers of each kind; `name` keeps apart what scenarios write."""
        seconds = self.deadline if deadline is None else deadline
        writers = [writing_caller(f"{name} {number}", self.item_id, seconds) for number in range(writing)]
        return Load(self.served, [*ranking_callers(self.asks, ranking, seconds), *writers])

    def found(
        self,
        scenario: str,
        outcomes: Sequence[Outcome],
        expected: Collection[int],
        *,
        ended: float | None = None,
        recovered_by: str = "full",
        notes: Sequence[str] = (),
    ) -> Found:
        """Judges what became of the requests; the fault was over at `ended`, where it was one that ends."""
        full = [one for one in outcomes if one.fate == "full"]
        kept, lost = lost_of(outcomes, self.served.config)
        return Found(
            scenario=scenario,
            engine=self.served.config.recommend.engine.kind,
            outcomes=tuple(outcomes),
            expected=frozenset(expected),
            wrong=tuple(one for one in full if not one.is_like(self.references[one.ask.about])),
            kept=kept,
            lost=lost,
            recovery=None if ended is None else first_after(outcomes, ended, recovered_by),
            notes=tuple(notes),
        )


def is_full(outcome: Outcome) -> bool:
    """Ranked by the LLM."""
    return outcome.fate == "full"


def is_written(outcome: Outcome) -> bool:
    """An acknowledgement."""
    return outcome.fate == "done"


def is_refused(outcome: Outcome) -> bool:
    """An error."""
    return outcome.fate == "refused"
