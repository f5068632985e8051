from pathlib import Path
from threading import Event, Thread

import pytest

from retrieval.alone import alone
from retrieval.errors import BuildError


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(BuildError, match="another process is at work in this folder"), alone(tmp_path):
        pass


def test_whoever_waits_comes_in_when_the_other_is_done(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = Event()

    def second() -> None:
        waiting.set()
        with alone(tmp_path, wait=True):
            order.append("second")

    other = Thread(target=second)
    with alone(tmp_path):
        other.start()
        waiting.wait()
        other.join(timeout=0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]
