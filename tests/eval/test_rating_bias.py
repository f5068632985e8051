from datetime import UTC, datetime

import pandas as pd
import pytest
from lenskit.basic.bias import BiasScorer
from lenskit.data import ItemList, from_interactions_df

from eval.rating_bias import RatingBiasConfig, RatingBiasRetriever, fit_rating_bias
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory

FILMS = Catalogue([Item(item_id=film, title=f"Film {film}") for film in "abcd"])
STARS = [("ann", "a", 4), ("ann", "b", 4), ("ben", "a", 3), ("ben", "c", 2), ("cat", "b", 2), ("cat", "c", None)]


def rated(*stars: tuple[str, str, float | None]) -> list[Interaction]:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    return [Interaction(user_id=user, item_id=film, timestamp=moment, rating=rating) for user, film, rating in stars]


def bias(damping: float, *stars: tuple[str, str, float | None]) -> RatingBiasRetriever:
    config = RatingBiasConfig(damping=damping)
    return RatingBiasRetriever(config, FILMS, fit_rating_bias(config, FILMS, InteractionLog.of(rated(*stars))))


def scores(retriever: RatingBiasRetriever, *stars: tuple[str, str, float | None]) -> dict[str, float]:
    found = retriever.retrieve(UserHistory.of("someone", rated(*stars)), 4)
    return {candidate.item.item_id: candidate.score for candidate in found}


def test_mean_item_and_user_by_hand() -> None:
    items = {"a": 1 / 3, "b": 0.0, "d": 0.0, "c": -1 / 2}  # the mean is 3; one rating of no bias is added to each
    found = scores(bias(1.0, *STARS), ("someone", "a", 4))
    assert list(found) == list(items)
    user = (4 - 3 - 1 / 3) / 2
    assert found == pytest.approx({film: 3 + item + user for film, item in items.items()})


@pytest.mark.parametrize("known", [[], [("someone", "a", None)], [("someone", "gone", 1)]])
def test_of_a_user_without_ratings_the_items_are_known(known: list[tuple[str, str, float | None]]) -> None:
    found = scores(bias(1.0, *STARS), *known)
    assert found == pytest.approx({"a": 3 + 1 / 3, "b": 3, "d": 3, "c": 2.5})


def test_where_nobody_rated_anything_there_is_no_answer() -> None:
    assert scores(bias(5.0, ("ann", "a", None)), ("someone", "a", 4)) == {}


def test_what_is_excluded_is_left_out() -> None:
    found = bias(5.0, *STARS).retrieve(UserHistory(user_id="someone"), 2, exclude={"a", "d"})
    assert [(candidate.item.item_id, candidate.rank, candidate.source) for candidate in found] == [
        ("b", 1, "rating-bias"),
        ("c", 2, "rating-bias"),
    ]


@pytest.mark.parametrize("damping", [0.0, 5.0])
def test_our_scores_are_lenskits(damping: float) -> None:
    stars = [star for star in STARS if star[2] is not None]
    scorer = BiasScorer(damping=damping)
    scorer.train(from_interactions_df(pd.DataFrame(stars, columns=["user_id", "item_id", "rating"])))
    for user in ("ann", "ben", "cat"):
        ours = scores(bias(damping, *STARS), *(star for star in stars if star[0] == user))
        assert list(ours.values()) == pytest.approx(scorer(user, ItemList(list(ours))).scores().tolist(), rel=1e-6)
