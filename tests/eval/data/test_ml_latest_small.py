from collections.abc import Callable
from pathlib import Path

import pytest

from eval.data import load_benchmark
from eval.data.base import Benchmark, Counts, MlLatestSmallConfig
from retrieval.errors import DatasetError

FILMS = "movieId,title,genres\n" + "".join(f'{film},"Film, {film}",Drama|War\n' for film in (10, 9, 3, 2, 1, 77))
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{film},{film % 5 + 0.5},{1000 - film}\n" for user in range(5) for film in (1, 2, 3, 9, 10)
)


def load(folder: Path, counts: Counts | None = None) -> Benchmark:
    return load_benchmark(MlLatestSmallConfig(kind="ml-latest-small", folder=folder), counts)


@pytest.fixture
def folder(tmp_path: Path, write: Callable[[str, str], Path]) -> Path:
    write("movies.csv.gz", FILMS)
    write("ratings.csv.gz", RATINGS + "0,77,5.0,1\n")
    return tmp_path


def test_films_are_in_the_order_of_their_numbers_and_histories_in_that_of_time(folder: Path) -> None:
    shop = load(folder).shop
    assert [item.item_id for item in shop.catalogue] == ["1", "2", "3", "9", "10"]  # one rating is too few for 77
    assert (shop.catalogue["9"].title, shop.catalogue["9"].category) == ("Film, 9", "Drama, War")
    assert [i.item_id for i in shop.log.history("0").interactions] == ["10", "9", "3", "2", "1"]
    assert shop.log.history("0").interactions[-1].rating == 1.5


def test_ratings_of_one_second_keep_the_order_of_the_file(folder: Path, write: Callable[[str, str], Path]) -> None:
    write("ratings.csv.gz", RATINGS.replace("990", "999").replace("991", "999"))  # films 9 and 10, now when 1 was rated
    assert [i.item_id for i in load(folder).shop.log.history("0").interactions] == ["3", "2", "1", "9", "10"]


def test_a_url_pasted_into_a_time_is_cut_out(folder: Path, write: Callable[[str, str], Path]) -> None:
    write("ratings.csv.gz", RATINGS.replace("0,10,0.5,990", "0,10,0.5,99 https://somewhere.org/0"))
    assert load(folder).shop.log.history("0").interactions[0].timestamp.timestamp() == 990


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("0,1,1.5,999", "0,1,1.5,noon", "time in whole seconds is no number"),
        ("0,1,1.5,999", "0,1,good,999", "rating is no number"),
        ("0,1,1.5,999", "0,1,1.5", "1 lines lack a field"),
        ("0,1,1.5,999", "0,1,1.5,999,1", "more fields than the header"),
        ("rating", "stars", "cannot be read"),
    ],
)
def test_a_line_that_is_not_as_published(
    folder: Path, write: Callable[[str, str], Path], before: str, after: str, problem: str
) -> None:
    write("ratings.csv.gz", RATINGS.replace(before, after, 1))
    with pytest.raises(DatasetError, match=problem):
        load(folder)


def test_a_film_without_genres(folder: Path, write: Callable[[str, str], Path]) -> None:
    write("movies.csv.gz", FILMS.replace(",Drama|War", "", 1))
    with pytest.raises(DatasetError, match="1 lines lack a field"):
        load(folder)


@pytest.mark.parametrize("name", ["movies.csv.gz", "ratings.csv.gz"])
def test_a_file_that_is_missing_or_cut_short(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-10])
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)


@pytest.mark.parametrize("name", ["movies.csv.gz", "ratings.csv.gz"])
def test_a_file_with_flipped_bits(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(folder / name)
    with pytest.raises(DatasetError, match="cannot be read"):
        load(folder)


def test_nothing_is_left(folder: Path, write: Callable[[str, str], Path]) -> None:
    write("ratings.csv.gz", "userId,movieId,rating,timestamp\n1,1,5.0,1\n")
    with pytest.raises(DatasetError, match="no user and no item has five interactions"):
        load(folder)


def test_the_published_files_count_as_in_the_paper(published: Callable[[str], Path]) -> None:
    load(published("ml-latest-small"), Counts(users=610, items=3_650, interactions=90_274))
