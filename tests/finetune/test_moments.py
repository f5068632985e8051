from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pydantic import ValidationError

from finetune.examples_config import ExamplesConfig
from finetune.moments import count_moments, known, moments, times
from retrieval.records import Interaction, UserHistory


def history(*baskets: str) -> UserHistory:
    """A basket a day."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return UserHistory.of(
        "u",
        [
            Interaction(user_id="u", item_id=item_id, timestamp=start + timedelta(days=day))
            for day, basket in enumerate(baskets)
            for item_id in basket.split()
        ],
    )


def asked(past: UserHistory, **rules: object) -> list[tuple[int, int, tuple[str, ...]]]:
    """Start, end and targets of every moment."""
    found = moments(past, ExamplesConfig.model_validate(rules), np.random.default_rng(0))
    return [(moment.start, moment.end, moment.targets) for moment in found]


def test_every_moment_but_the_first_asks_for_something() -> None:
    past = history("a b", "c", "d")
    assert asked(past, repeats=True) == [(2, 3, ("c",)), (3, 4, ("d",))]
    assert count_moments(past) == 3
    assert known(past, 2).item_ids == ("a", "b")


def test_the_newest_moments_are_taken() -> None:
    assert asked(history("a", "b", "c", "d"), moments_per_user=2) == [(2, 3, ("c",)), (3, 4, ("d",))]


@pytest.mark.parametrize(("repeats", "targets"), [(True, [("a",), ("b",), ("a",)]), (False, [("b",)])])
def test_what_was_taken_before_is_asked_for_where_repeats_are_allowed(
    repeats: bool, targets: list[tuple[str, ...]]
) -> None:
    past = history("a", "a", "b", "a")
    assert [found for *_, found in asked(past, repeats=repeats)] == targets
    assert times(past) == {"a": 3, "b": 1}


def test_moments_that_ask_for_nothing_do_not_count() -> None:
    assert asked(history("a", "b", "a"), moments_per_user=1) == [(1, 2, ("b",))]


def test_targets_are_drawn_from_the_distinct_items_of_a_moment() -> None:
    past = history("a", "b c d e b")
    ((_, end, targets),) = asked(past, targets_per_moment=2)
    assert end == 6
    assert len(set(targets)) == 2
    assert set(targets) < set("bcde")
    assert asked(past, targets_per_moment=9) == [(1, 6, ("b", "c", "d", "e"))]


def test_one_moment_or_none_asks_for_nothing() -> None:
    assert asked(history("a b")) == asked(history()) == []
    assert count_moments(history("a b")) == 1


def test_only_moments_since_then() -> None:
    past = history("a", "b", "c", "d")
    assert asked(past, since=datetime(2024, 1, 3, tzinfo=UTC)) == [(2, 3, ("c",)), (3, 4, ("d",))]
    assert asked(past, since="2024-01-04T00:00:01Z") == []


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        asked(history("a", "b"), since="2024-01-03T00:00:00")
