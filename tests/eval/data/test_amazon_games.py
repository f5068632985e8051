from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eval.data import load_benchmark
from eval.data.base import AmazonGames2018Config, Benchmark, Counts
from retrieval.errors import DatasetError

TITLES = "item_id\ttitle\n" + "".join(f"{item}\tGame {item}\n" for item in range(40))
HISTORIES = "user\titems\ttarget\n7\t0 1 2\t3\n8\t4 5\t6\n"
RANDOM = f"7\t{' '.join(map(str, range(3, 40)))}\n"  # the target is among the random ones


def load(folder: Path, counts: Counts | None = None) -> Benchmark:
    return load_benchmark(AmazonGames2018Config(kind="amazon-games-2018", folder=folder), counts)


@pytest.fixture
def folder(tmp_path: Path, write: Callable[[str, str], Path]) -> Path:
    write("Games-6k.item.gz", TITLES)
    write("Games-6k.test.inter.gz", HISTORIES)
    write("Games-6k.random.gz", RANDOM)
    return tmp_path


def test_the_target_ends_the_history(folder: Path) -> None:
    log = load(folder).shop.log
    assert [i.item_id for i in log.history("7").interactions] == ["0", "1", "2", "3"]


def test_the_first_nineteen_wrong_ones(folder: Path) -> None:
    given = load(folder).given
    assert given is not None
    assert set(given) == {"7"}
    assert len(given["7"]) == 19
    assert load(folder).shop.log.history("7").interactions[-1].item_id not in given["7"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("Games-6k.test.inter.gz", "user\titems\ttarget\n7\t0 1\t99\n", "holds an item without a title"),
        ("Games-6k.test.inter.gz", "user\titems\ttarget\n7\t0 1\n", "has 2 fields rather than 3"),
        ("Games-6k.random.gz", "9\t1 2\n", "candidates for a user without a history"),
        ("Games-6k.item.gz", "item_id\n", "has 1 fields rather than 2"),
    ],
)
def test_files_that_do_not_belong_together(
    folder: Path, write: Callable[[str, str], Path], name: str, text: str, problem: str
) -> None:
    write(name, text)
    with pytest.raises(DatasetError, match=problem):
        load(folder)


def test_a_file_that_is_no_gzip(folder: Path) -> None:
    (folder / "Games-6k.random.gz").write_text("7\t1 2\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)


@pytest.fixture
def games(published: Callable[[str], Path]) -> Benchmark:
    return load(published("amazon-games-2018"), Counts(users=50_546, items=16_859, interactions=440_264))


def test_the_published_files_give_nineteen_wrong_candidates_and_an_order_that_tells_nothing(
    games: Benchmark,
) -> None:
    given, log, catalogue = games.given or {}, games.shop.log, games.shop.catalogue
    last = dict(zip(log.frame["user_id"], log.frame["item_id"], strict=True))
    assert len(given) == 6_000
    assert {len(set(items)) for items in given.values()} == {19}
    assert not any(last[user] in items for user, items in given.items())
    # By chance a target stands behind 9.5 of the 19; the files' own numbers give it away.
    ranks = [sum(catalogue.position(i) < catalogue.position(last[u]) for i in items) for u, items in given.items()]
    assert np.mean(ranks) == pytest.approx(9.5, abs=4 * 5.77 / 6_000**0.5)
    places = [
        [catalogue.position(i.item_id) for i in log.history(user).interactions[-2:]] for user in list(given)[:2000]
    ]
    steps = [abs(one - other) for one, other in places]
    assert np.mean(steps) == pytest.approx(len(catalogue) / 3, rel=0.1)
