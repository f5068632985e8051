"""What a service depends on fails: its model's process, its database, its disk; and its operator stops it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from time import monotonic, sleep
from typing import Final, Protocol

import psutil

from benchmarks.faults.asking import NOBODY, Outcome
from benchmarks.faults.found import Found
from benchmarks.faults.load import Load
from benchmarks.faults.scene import Scene, is_full, is_refused, is_written

_WORKING: Final = (200, 429)
_REFUSING: Final = (200, 429, 503)


class Stoppable(Protocol):
    """A database server."""

    def crash(self) -> None:
        """Ends it at once, whatever is under way."""
        ...

    def start(self) -> None:
        """And again."""
        ...


def engine_killed(scene: Scene) -> Found:
    """kill -9 while it is asked; nobody starts it again but the service."""
    with scene.load("engine killed") as load:
        _require_full(load, scene)
        killed = monotonic()
        scene.served.engine.kill()
        load.wait_for(is_full, 3, since=killed, seconds=scene.patience)
    return scene.found("engine killed (kill -9) under load", load.outcomes, _WORKING, ended=killed)


def engine_hung(scene: Scene, *, seconds: float) -> Found:
    """SIGSTOP for longer than callers wait, then SIGCONT."""
    with scene.load("engine hung") as load:
        _require_full(load, scene)
        engine = scene.served.engine
        engine.suspend()
        sleep(seconds)
        engine.resume()
        ended = monotonic()
        load.wait_for(is_full, 3, since=ended, seconds=scene.patience)
    what = f"engine hung (SIGSTOP) for {seconds:g} s under load"
    return scene.found(what, load.outcomes, _WORKING, ended=ended)


def database_down(scene: Scene, database: Stoppable, *, seconds: float) -> Found:
    """It ends at once, as in a crash, and is back later."""
    with scene.load("database down", ranking=2, writing=3) as load:
        load.wait_for(is_written, 5, since=0, seconds=scene.patience)
        database.crash()
        sleep(seconds)
        database.start()
        ended = monotonic()
        load.wait_for(is_written, 5, since=ended, seconds=scene.patience)
        load.wait_for(is_full, 1, since=ended, seconds=scene.patience)
    what = f"database crashed under load, back {seconds:g} s later"
    return scene.found(what, load.outcomes, _REFUSING, ended=ended, recovered_by="done")


def disk_full(scene: Scene, *, seconds: float) -> Found:
    """No file can grow, for so long: each write of the database's file fails."""
    with scene.load("disk full", ranking=2, writing=3) as load:
        load.wait_for(is_written, 5, since=0, seconds=scene.patience)
        with _no_room(scene.served.process):
            full = monotonic()
            load.wait_for(is_refused, 3, since=full, seconds=scene.patience)
            sleep(seconds)
        ended = monotonic()
        load.wait_for(is_written, 5, since=ended, seconds=scene.patience)
    refused = sum(one.status == 503 for one in load.outcomes)
    note = f"{refused} writes were refused; no file of the service could grow (RLIMIT_FSIZE)"
    return scene.found("disk full", load.outcomes, _REFUSING, ended=ended, recovered_by="done", notes=[note])


def stopped(scene: Scene) -> Found:
    """SIGTERM while it is asked: what is under way is answered, who comes later meets nobody, nothing is left."""
    served = scene.served
    started = served.descendants()
    with scene.load("stopped") as load:
        _require_full(load, scene)
        at = monotonic()
        served.process.terminate()
        gone = served.process.wait(scene.patience)
        took = monotonic() - at
    left = psutil.wait_procs(started, timeout=10)[1]
    note = f"ended after {took:.1f} s, exit status {gone}"
    outcomes = [_after_the_end(one, at) for one in load.outcomes]
    return replace(scene.found("stopped (SIGTERM) under load", outcomes, _REFUSING, notes=[note]), left=len(left))


def _after_the_end(outcome: Outcome, at: float) -> Outcome:
    """A request that was sent after the signal may find that nobody is there, so long as its connection says so."""
    if outcome.status is None and outcome.at >= at and "Timeout" not in outcome.failed:
        return replace(outcome, failed=NOBODY)
    return outcome


def _require_full(load: Load, scene: Scene) -> None:
    """Something to lose."""
    load.wait_for(is_full, 2, since=0, seconds=scene.patience)


@contextmanager
def _no_room(process: psutil.Popen) -> Iterator[None]:
    """Within it no file of this process grows; what a file has already can be written over, but for its last bytes."""
    prlimit(process.pid, RLIMIT_FSIZE, (4096, RLIM_INFINITY))
    try:
        yield
    finally:
        prlimit(process.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
