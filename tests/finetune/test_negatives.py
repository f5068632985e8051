from collections import Counter

import numpy as np
import pytest

from finetune.negatives import Lottery


def test_what_is_out_or_drawn_is_not_drawn_again() -> None:
    lottery, rng = Lottery(np.ones(10, dtype=np.int64)), np.random.default_rng(0)
    for _ in range(50):
        drawn = lottery.draw(5, {0, 3}, rng)
        assert len(set(drawn)) == 5
        assert not {0, 3} & set(drawn)


def test_there_may_be_fewer_than_are_asked_for() -> None:
    lottery, rng = Lottery(np.array([5, 0, 1, 1])), np.random.default_rng(0)
    assert sorted(lottery.draw(9, {3}, rng)) == [0, 2]
    assert lottery.draw(9, {0, 2, 3}, rng) == []
    assert lottery.draw(0, (), rng) == []
    assert Lottery(np.zeros(3, dtype=np.int64)).draw(2, (), rng) == []


@pytest.mark.parametrize("tries", [8, 0], ids=["by tickets", "by a race"])
def test_lots_are_chances(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.negatives._TRIES", tries)
    lottery, rng = Lottery(np.array([6, 3, 1, 90])), np.random.default_rng(0)
    drawn = [tuple(lottery.draw(2, {3}, rng)) for _ in range(4000)]
    first = Counter(pair[0] for pair in drawn)
    assert [first[row] / 4000 for row in range(4)] == pytest.approx([0.6, 0.3, 0.1, 0], abs=0.03)
    second = Counter(pair[1] for pair in drawn if pair[0] == 0)
    assert second[1] / second.total() == pytest.approx(0.75, abs=0.03)


def test_one_that_is_rare_among_the_popular_is_found() -> None:
    lots = np.array([10**9, 10**9, 1])
    assert sorted(Lottery(lots).draw(3, (), np.random.default_rng(0))) == [0, 1, 2]
