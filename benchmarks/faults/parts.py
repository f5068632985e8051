"""What a service depends on fails: its model's process, its database, its disk; and its operator stops it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from time import monotonic, sleep
from typing import Final, Protocol

import psutil

from benchmarks.faults.asking import Outcome
from benchmarks.faults.found import Found
from benchmarks.faults.scene import Scene, is_full, is_refused, is_written

_WORKING: Final = (200, 429)
_REFUSING: Final = (200, 429, 503)


class Server(Protocol):
    """Of a database."""

    def crash(self) -> None:
        """Ends it at once, whatever is under way."""
        ...

    def start(self) -> None:
        """And again."""
        ...

    def hang(self) -> None:
        """It answers nothing and closes nothing."""
        ...

    def resume(self) -> None:
        """And goes on."""
        ...


def engine_killed(scene: Scene) -> Found:
    """kill -9 while it is asked; nobody starts it again but the service."""
    with scene.load("engine killed") as load:
        load.require(is_full, 2, seconds=scene.patience)
        killed = monotonic()
        scene.served.engine.kill()
        load.wait_for(is_full, 3, since=killed, seconds=scene.patience)
    return scene.found("engine killed (kill -9) under load", load.outcomes, _WORKING, ended=killed)


def engine_hung(scene: Scene, *, seconds: float) -> Found:
    """SIGSTOP for longer than callers wait, then SIGCONT."""
    with scene.load("engine hung") as load:
        load.require(is_full, 2, seconds=scene.patience)
        engine = scene.served.engine
        engine.suspend()
        sleep(seconds)
        engine.resume()
        ended = monotonic()
        load.wait_for(is_full, 3, since=ended, seconds=scene.patience)
    what = f"engine hung (SIGSTOP) for {seconds:g} s under load"
    return scene.found(what, load.outcomes, _WORKING, ended=ended)


def database_down(scene: Scene, database: Server, *, seconds: float) -> Found:
    """It ends at once, as in a crash, and is back later."""
    with scene.load("database down", ranking=2, writing=3) as load:
        load.require(is_written, 5, seconds=scene.patience)
        database.crash()
        sleep(seconds)
        database.start()
        ended = monotonic()
        load.wait_for(is_written, 5, since=ended, seconds=scene.patience)
        load.wait_for(is_full, 1, since=ended, seconds=scene.patience)
    what = f"database crashed under load, back {seconds:g} s later"
    return scene.found(what, load.outcomes, _REFUSING, ended=ended, recovered_by="done")


def database_hung(scene: Scene, database: Server, *, seconds: float, deadline: float) -> Found:
    """SIGSTOP for much longer than the callers' `deadline`, then SIGCONT: its connections are there and say nothing."""
    with scene.load("database hung", ranking=2, writing=3, deadline=deadline) as load:
        load.require(is_written, 5, seconds=scene.patience)
        load.require(is_full, 1, seconds=scene.patience)
        database.hang()
        hung = monotonic()
        try:
            sleep(seconds)
        finally:
            ended = monotonic()
            database.resume()
        load.wait_for(is_written, 5, since=ended, seconds=scene.patience)
        load.wait_for(is_full, 1, since=ended, seconds=scene.patience)
    during = [one for one in load.outcomes if one.at >= hung and one.ended <= ended]
    what = f"database hung (SIGSTOP) for {seconds:g} s under load, deadline {deadline:g} s"
    note = f"{len(during)} requests were sent and answered while it hung"
    found = scene.found(what, load.outcomes, _REFUSING, ended=ended, recovered_by="done", notes=[note])
    return replace(found, unkept=sum(one.claims_receipt for one in during))


def disk_full(scene: Scene, *, seconds: float) -> Found:
    """No file can grow, for so long: each write of the database's file fails."""
    with scene.load("disk full", ranking=2, writing=3) as load:
        load.require(is_written, 5, seconds=scene.patience)
        with _no_room(scene.served.process):
            full = monotonic()
            load.require(is_refused, 3, since=full, seconds=scene.patience)
            sleep(seconds)
        ended = monotonic()
        load.wait_for(is_written, 5, since=ended, seconds=scene.patience)
    refused = sum(one.status == 503 for one in load.outcomes)
    note = f"{refused} writes were refused; no file of the service could grow (RLIMIT_FSIZE)"
    return scene.found("disk full", load.outcomes, _REFUSING, ended=ended, recovered_by="done", notes=[note])


def stopped(scene: Scene) -> Found:
    """SIGTERM while it is asked: all is answered that was sent before the notice was over, and nothing is left."""
    served = scene.served
    started = served.descendants()
    with scene.load("stopped") as load:
        load.require(is_full, 2, seconds=scene.patience)
        at = monotonic()
        served.process.terminate()
        gone = served.process.wait(scene.patience)
        took = monotonic() - at
    left = psutil.wait_procs(started, timeout=10)[1]
    note = f"ended after {took:.1f} s, exit status {gone}"
    outcomes = until_the_end(load.outcomes, at + served.config.drain.notice_seconds)
    found = scene.found("stopped (SIGTERM) under load", outcomes, _REFUSING, notes=[note])
    return replace(found, left=len(left), exit_status=gone)


def until_the_end(outcomes: Sequence[Outcome], end: float) -> list[Outcome]:
    """No answer is due to what is sent from then on."""
    return [replace(one, due=one.at < end) for one in outcomes]


@contextmanager
def _no_room(process: psutil.Popen) -> Iterator[None]:
    """Within it no file of this process grows; what a file has already can be written over, but for its last bytes."""
    prlimit(process.pid, RLIMIT_FSIZE, (4096, RLIM_INFINITY))
    try:
        yield
    finally:
        prlimit(process.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
