from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from math import sqrt

import pytest

from eval.config import ProtocolConfig
from eval.data.base import Benchmark
from eval.protocol import Protocol
from eval.ratings import HeldOutRatings
from eval.result import Ratings
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.log import InteractionLog
from retrieval.records import Candidate, Interaction, Item, UserHistory
from retrieval.shop import ShopData

FILMS = Catalogue([Item(item_id=film, title=f"Film {film}") for film in "abcd"])
LAST = ProtocolConfig(split="leave-one-out", part="test")
STARS = {  # user: films and stars, oldest first; what is learnt has a mean of 3, and the last of each is held out
    "ann": [("a", 4), ("b", 4), ("c", 5)],
    "ben": [("a", 3), ("c", 2), ("b", 3)],
    "cat": [("b", 2), ("a", 1)],
    "dan": [("a", None), ("b", None)],
}


class Says:
    """Predicts what it is told; keeps what it was asked about."""

    name = "says"

    def __init__(self, **scores: float) -> None:
        self._scores = scores
        self.asked: list[tuple[str, tuple[str, ...], int, set[str]]] = []

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        self.asked.append((history.user_id, history.item_ids, top_n, {i.item_id for i in FILMS} - set(exclude)))
        return tuple(
            Candidate(item=FILMS[film], score=score, source=self.name, rank=rank)
            for rank, (film, score) in enumerate(self._scores.items(), start=1)
            if film not in exclude
        )


def held_out(stars: dict[str, list[tuple[str, int | None]]], config: ProtocolConfig = LAST) -> HeldOutRatings:
    log = InteractionLog.of(
        Interaction(
            user_id=user, item_id=film, timestamp=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day), rating=rating
        )
        for user, films in stars.items()
        for day, (film, rating) in enumerate(films)
    )
    shop = ShopData(name="films", catalogue=FILMS, log=log)
    return HeldOutRatings(Protocol(config, Benchmark(shop=shop, given=None)), FILMS)


def test_errors_of_one_none_and_two_stars_the_last_by_falling_back_to_the_mean() -> None:
    found = held_out(STARS).measure(Says(c=4.0, b=3.0))  # of a, which cat gave one star, it knows nothing
    assert (found.rmse, found.mae) == pytest.approx((sqrt((1 + 0 + 4) / 3), 1.0))
    assert (found.predicted, found.fallbacks) == (3, 1)


def test_a_system_that_knows_nothing_is_as_good_as_the_mean() -> None:
    assert held_out(STARS).measure(Says()) == Ratings(rmse=sqrt((4 + 0 + 4) / 3), mae=4 / 3, predicted=3, fallbacks=3)


def test_only_what_is_held_out_is_asked_about_and_only_what_came_before_is_known() -> None:
    says = Says()
    held_out(STARS).measure(says)
    assert says.asked == [
        ("ann", ("a", "b"), 1, {"c"}),
        ("ben", ("a", "c"), 1, {"b"}),
        ("cat", ("b",), 1, {"a"}),
    ]


def test_a_prediction_is_not_moved_into_the_range_of_the_ratings() -> None:
    assert held_out({"ann": [("a", 4), ("c", 5)]}).measure(Says(c=7.0)).rmse == 2


def test_what_the_user_said_later_is_not_what_is_held_out() -> None:
    twice = held_out({"ann": [("a", 4), ("c", 5), ("c", 1)]}, LAST.model_copy(update={"part": "validation"}))
    assert twice.measure(Says(c=5.0)).rmse == 0


def test_several_that_are_held_out_and_one_that_is_rated_twice() -> None:
    rules = ProtocolConfig(split="global-time", part="test", at=datetime(2024, 1, 2, tzinfo=UTC))
    found = held_out({"ann": [("a", 4), ("c", 5), ("b", 2), ("d", None), ("c", 3)]}, rules).measure(Says(b=3, c=2))
    assert found == Ratings(rmse=sqrt((1 + 4) / 2), mae=1.5, predicted=2, fallbacks=0)


@pytest.mark.parametrize("ratings", [(None, None), (4, None), (None, 4)])
def test_without_ratings_nothing_is_measured(ratings: tuple[int | None, int | None]) -> None:
    with pytest.raises(
        DatasetError, match=r"predicts_ratings=True: this data has no ratings .* Leave predicts_ratings"
    ):
        held_out({"ann": list(zip("ab", ratings, strict=True))})
