from typing import Any

import pytest

from benchmarks.batch.speedup import ONE, RAY, TWO, Turn, speedup_table, speedups, turn
from llm_rerank.batch.config import BatchConfig

TURNS = [
    Turn(way=way, users=12, seconds=10 + seconds, starting=10)
    for seconds_of in ({ONE: 20.0, TWO: 10.0, RAY: 20.0}, {ONE: 10.0, TWO: 10.0, RAY: 8.0})
    for way, seconds in seconds_of.items()
]


def test_starting_is_no_part_of_the_rate() -> None:
    assert [one.rate for one in TURNS[:3]] == pytest.approx([0.5, 1.0, 0.5])
    assert speedups(TURNS, TWO) == pytest.approx([2.0, 1.0])


def test_a_line_says_how_far_apart_the_turns_are() -> None:
    one, two, ray = speedup_table(TURNS).rows
    assert one[-1] == "1.00x (1.00 to 1.00)"
    assert two == (TWO, "20, 20", "10, 10", "1.00", "1.50x (1.00 to 2.00)")
    assert ray[-1] == "1.12x (1.00 to 1.25)"


def test_a_few_users_start_as_many_engines() -> None:
    asked: list[tuple[int, int]] = []

    def way(config: BatchConfig, rows: Any) -> float:
        asked.append((config.shard_users, len(rows)))
        return float(len(rows))

    found = turn("way", way, BatchConfig(shard_users=20), [{"user_id": str(number)} for number in range(7)])
    assert asked == [(1, 2), (20, 7)]
    assert (found.starting, found.seconds) == (2, 7)
