from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.scorers import sparse_matrix
from retrieval.retrievers.transitions import fit_transitions, open_transitions, recent

LETTERS = Catalogue([Item(item_id=letter, title=letter) for letter in "abcdefghij"])
CONFIG = TransitionsConfig(decay=0.5, horizon=2, future_decay=0.25, regularization=2.0)


def log_of(*histories: str) -> InteractionLog:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return InteractionLog.of(
        Interaction(user_id=f"u{user:02}", item_id=letter, timestamp=start + timedelta(days=day))
        for user, history in enumerate(histories)
        for day, letter in enumerate(history)
    )


def weights(config: TransitionsConfig, log: InteractionLog) -> np.ndarray:
    return np.asarray(sparse_matrix("weights", fit_transitions(config, LETTERS, log)).toarray())


def first(config: TransitionsConfig, log: InteractionLog, history: str) -> str:
    retriever = open_transitions(config, LETTERS, fit_transitions(config, LETTERS, log))
    return retriever.retrieve(log_of(history).history("u00"), 1)[0].item.item_id


def test_it_is_the_ridge_regression_with_a_diagonal_of_zeros() -> None:
    found = weights(CONFIG, log_of("abca", "cb", "b"))
    # moments: a|bc of abca, ab|ca, abc|a, c|b of cb; before a moment halved, after it quartered
    past = np.array([[1, 0, 0], [0.5, 1, 0], [0.25, 0.5, 1], [0, 0, 1]])
    future = np.array([[0, 1, 0.25], [0.25, 0, 1], [1, 0, 0], [0, 1, 0]])
    for column in range(3):
        others = [row for row in range(3) if row != column]  # a zero diagonal: the item's own row is left out
        p = past[:, others]
        best = np.linalg.solve(p.T @ p + 2 * np.eye(2), p.T @ future[:, column])
        assert found[others, column] == pytest.approx(np.maximum(best, 0), abs=1e-5)


def test_an_item_never_leads_to_itself() -> None:
    assert np.diag(weights(CONFIG, log_of("aabaa", "aaa"))).tolist() == [0, 0]


def test_the_next_letter_comes_first() -> None:
    log = log_of(*["abcdefghij"[start:] + "abcdefghij"[:start] for start in range(10)])
    assert [first(CONFIG, log, "xyz"[:0] + here) for here in ("a", "ab", "fgh", "j")] == ["b", "c", "i", "a"]


def test_direction_matters() -> None:
    assert first(CONFIG, log_of(*["ab", "bc"] * 3), "b") == "c"


def test_few_neighbours_are_the_largest() -> None:
    log = log_of(*["ab"] * 5, *["ac"] * 2, "ad")
    (all_of_a, *_), (kept, *_) = weights(CONFIG, log), weights(CONFIG.model_copy(update={"neighbours": 2}), log)
    assert all_of_a[1] > all_of_a[2] > all_of_a[3] > 0
    assert kept.tolist() == [0, all_of_a[1], all_of_a[2], 0]


def test_only_the_most_popular_items_are_fitted() -> None:
    arrays = fit_transitions(CONFIG.model_copy(update={"items": 2}), LETTERS, log_of("dhd", "hc"))
    assert arrays["items"].tolist() == [3, 7]  # d and h


def test_the_newest_weighs_most_and_what_comes_twice_is_summed() -> None:
    taste = recent(log_of("dbd").history("u00").interactions, LETTERS, 0.5)
    assert taste.positions.tolist() == [1, 3]
    assert taste.weights.tolist() == [0.5, 1.25]


def test_unknown_items_and_what_is_long_ago_weigh_nothing() -> None:
    (known,) = log_of("a").history("u00").interactions
    gone = replace(known, item_id="gone")
    assert recent([known, gone], LETTERS, 0.5).weights.tolist() == [1.0]
    assert recent([known, *log_of("b" * 20).history("u00").interactions], LETTERS, 0.5).positions.tolist() == [1]
    assert len(recent([], LETTERS, 0.5)) == 0


@pytest.mark.parametrize("histories", [(), ("a", "b"), ("aaa",)])
def test_where_nothing_follows_anything_else_it_says_nothing(histories: tuple[str, ...]) -> None:
    retriever = open_transitions(CONFIG, LETTERS, fit_transitions(CONFIG, LETTERS, log_of(*histories)))
    someone = UserHistory.of("u00", log_of("ab").history("u00").interactions)
    assert retriever.retrieve(someone, 3) == ()
