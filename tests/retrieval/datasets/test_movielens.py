from datetime import UTC, datetime

import pytest

from retrieval.datasets.base import MovieLensConfig, load_dataset
from retrieval.datasets.cleaning import LoadedShop
from retrieval.datasets.movielens import natural_title


@pytest.fixture(scope="module")
def loaded() -> LoadedShop:
    return load_dataset(MovieLensConfig(kind="movielens-100k"), now=datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("Postman, The", "The Postman"),
        ("Fish Called Wanda, A", "A Fish Called Wanda"),
        ("Good, The Bad and The Ugly, The", "The Good, The Bad and The Ugly"),
        ("Enfer, L'", "L'Enfer"),
        ("Horseman on the Roof, The (Hussard sur le toit, Le)", "The Horseman on the Roof (Le Hussard sur le toit)"),
        ("Paris, Texas", "Paris, Texas"),
        ("Corrina, Corrina", "Corrina, Corrina"),
    ],
)
def test_titles_begin_with_their_article(listed: str, said: str) -> None:
    assert natural_title(listed) == said


def test_all_ratings_but_those_of_the_film_without_a_title(loaded: LoadedShop) -> None:
    assert len(loaded.shop.catalogue) == 1_681
    assert len(loaded.shop.log) == 99_991
    assert len(loaded.shop.log.user_ids) == 943
    assert [found.rows for found in loaded.report.findings] == [1, 9]


def test_a_film_has_year_and_genres(loaded: LoadedShop) -> None:
    film = loaded.shop.catalogue["1"]
    assert film.title == "Toy Story (1995)"
    assert film.category == "Animation, Children's, Comedy"


def test_accents_survive(loaded: LoadedShop) -> None:
    assert loaded.shop.catalogue["543"].title == "Les Misérables (1995)"


def test_a_rating_is_kept_with_its_time(loaded: LoadedShop) -> None:
    (rating,) = (i for i in loaded.shop.log.history("196").interactions if i.item_id == "242")
    assert (rating.kind, rating.rating) == ("rating", 3.0)
    assert rating.timestamp == datetime(1997, 12, 4, 15, 55, 49, tzinfo=UTC)


def test_the_notice_forbids_commercial_use(loaded: LoadedShop) -> None:
    assert "no commercial use" in loaded.shop.notice
