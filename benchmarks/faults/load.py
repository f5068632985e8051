"""Callers who go on asking, each its next request once it has heard of the one before."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final

from benchmarks.faults.asking import Ask, Outcome, send
from benchmarks.faults.served import Served
from retrieval.errors import EngineError

_PAUSE_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 0.1
_BEGAN: Final = datetime(2020, 1, 1, tzinfo=UTC)

Asking = Callable[[int], Ask]
"""What a caller asks as its first, second, ... request."""


class Load:
    """Within the block; afterwards `outcomes` has all of them."""

    def __init__(self, served: Served, callers: Sequence[Asking]) -> None:
        self.outcomes: list[Outcome] = []
        self._served = served
        self._over = Event()
        self._threads = [Thread(target=self._go_on, args=(asking,), daemon=True) for asking in callers]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, like: Callable[[Outcome], bool], count: int, *, since: float, seconds: float) -> bool:
        """Until so many requests that were sent since then ended so; False where they do not in time."""
        begun = monotonic()
        while sum(like(one) for one in list(self.outcomes) if one.at >= since) < count:
            if monotonic() - begun > seconds:
                return False
            self._over.wait(_LOOK_SECONDS)
        return True

    def require(self, like: Callable[[Outcome], bool], count: int, *, since: float = 0, seconds: float) -> None:
        """Likewise; raises EngineError where they do not in time: a fault would be done to a service that is idle."""
        if not self.wait_for(like, count, since=since, seconds=seconds):
            last = self.outcomes[-1] if self.outcomes else None
            raise EngineError(
                f"fewer than {count} requests ended as they have to before the scenario goes on",
                field="last answer",
                value=last and (last.body or last.failed),
                remedy="Give it more time: --patience",
            )

    def _go_on(self, asking: Asking) -> None:
        number = 0
        with self._served.client() as client:
            while not self._over.is_set():
                self.outcomes.append(send(client, self._served.url, asking(number)))
                self._over.wait(_PAUSE_SECONDS)
                number += 1


def ranking_callers(asks: Sequence[Ask], count: int, deadline: float) -> list[Asking]:
    """So many, who take turns with these, each beginning with another one."""
    shorter = [Ask(path=ask.path, body=ask.body, deadline=deadline) for ask in asks]
    return [lambda number, first=first: shorter[(first + number) % len(shorter)] for first in range(count)]  # type: ignore[misc]


def writing_caller(user_id: str, item_id: str, deadline: float) -> Asking:
    """Sends one thing that this user did at a time, each at a moment of its own."""

    def asking(number: int) -> Ask:
        at = (_BEGAN + timedelta(seconds=number)).isoformat()
        one = {"user_id": user_id, "item_id": item_id, "timestamp": at, "key": f"{user_id}-{number}"}
        return Ask(path="/v1/interactions", body={"interactions": [one]}, deadline=deadline)

    return asking


def references(served: Served, asks: Sequence[Ask]) -> dict[str, Outcome]:
    """What the LLM says where nothing is wrong; raises EngineError where it is."""
    found = {}
    with served.client() as client:
        for ask in asks:
            outcome = send(client, served.url, ask)
            if outcome.fate != "full":
                raise EngineError(
                    "nothing is wrong yet, and the LLM does not rank",
                    field="answer",
                    value=outcome.body or outcome.failed,
                    remedy="Give it more time: --patience",
                )
            found[ask.about] = outcome
    return found
