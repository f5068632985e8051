from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Interaction, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.blend.fitting import IMPORTANCE, fit_blend
from retrieval.retrievers.blend.retriever import BlendRetriever
from retrieval.retrievers.hybrid import HybridConfig, HybridRetriever
from retrieval.splits import Split, last_basket

Told = Callable[..., Retriever]
CONFIG = BlendConfig(trees=20, leaves=4, least_rows=5)
LETTERS = ("milk", "butter", "bread", "coffee", "tea", "wipes")


def next_of(history: UserHistory) -> int:
    return (LETTERS.index(history.item_ids[-1]) + 1) % len(LETTERS) if history.item_ids else 0


def knows(history: UserHistory) -> str:
    """The right item first, the others after it."""
    return " ".join(LETTERS[(next_of(history) + step) % 6] for step in range(6))


def errs(history: UserHistory) -> str:
    """The right item last."""
    return " ".join(reversed(knows(history).split()))


@pytest.fixture(scope="module")
def rounds(log: InteractionLog) -> InteractionLog:
    """Sixty shoppers buy one item after another, always in the same order."""
    monday = log.history("anna").interactions[0].timestamp
    return InteractionLog.of(
        Interaction(user_id=f"u{user:02}", item_id=LETTERS[(user + day) % 6], timestamp=monday + timedelta(days=day))
        for user in range(60)
        for day in range(3)
    )


def learn(
    sources: Mapping[str, Retriever], split: Split, catalogue: Catalogue, vectors: ItemVectors, **changes: Any
) -> Arrays:
    repeats = changes.pop("repeats", True)
    return fit_blend(
        CONFIG.model_copy(update=changes), split, sources, catalogue, vectors, 0, repeats=repeats, track=lambda u: u
    )


@pytest.mark.parametrize("better", ["one", "two"])
def test_it_learns_whom_to_believe(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog, better: str
) -> None:
    sources = {name: told(name, knows if name == better else errs) for name in ("one", "two")}
    arrays = learn(sources, last_basket(rounds, "test"), catalogue, vectors)
    fusion = HybridRetriever(HybridConfig(), catalogue, [])
    blend = BlendRetriever(CONFIG, catalogue, vectors, rounds, sources, arrays, fusion)
    for user in ("u00", "u01", "u02"):
        history = rounds.history(user)
        assert blend.retrieve(history, 1)[0].item.item_id == LETTERS[next_of(history)]


def test_importances_are_shares_of_all(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    sources = {"one": told("one", knows), "noise": told("noise", lambda _: "milk tea")}
    arrays = learn(sources, last_basket(rounds, "test"), catalogue, vectors)
    shares = {name.removeprefix(IMPORTANCE): float(v) for name, v in arrays.items() if name.startswith(IMPORTANCE)}
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(v for name, v in shares.items() if name.startswith("one: ")) > 0.5


def test_learnt_twice_it_is_the_same(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    sources, split = {"one": told("one", knows)}, last_basket(rounds, "test")
    one, other = (learn(sources, split, catalogue, vectors) for _ in range(2))
    assert one["model"].tobytes() == other["model"].tobytes()


def test_from_sources_that_are_never_right_nothing_is_learnt(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    assert learn({"one": told("one", lambda _: "oat")}, last_basket(rounds, "test"), catalogue, vectors) == {}
    assert learn({"one": told("one", lambda _: "")}, last_basket(rounds, "test"), catalogue, vectors) == {}


def test_too_little_for_one_leaf_teaches_nothing(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    split = last_basket(rounds, "test")
    assert learn({"one": told("one", knows)}, split, catalogue, vectors, least_rows=10_000) == {}


def test_without_repeats_what_was_bought_before_is_no_right_answer(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, log: InteractionLog
) -> None:
    split = Split(train=log, held_out=log, targets={user: (log.history(user).item_ids[0],) for user in log.user_ids})
    everything = {"one": told("one", lambda _: " ".join(item.item_id for item in catalogue))}
    assert learn(everything, split, catalogue, vectors, repeats=False, least_rows=1) == {}
    assert learn(everything, split, catalogue, vectors, repeats=True, least_rows=1) != {}


def test_no_more_users_are_asked_than_allowed(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    asked: list[str] = []

    def listen(history: UserHistory) -> str:
        asked.append(history.user_id)
        return knows(history)

    learn({"one": told("one", listen)}, last_basket(rounds, "test"), catalogue, vectors, users=7)
    assert len(set(asked)) == len(asked) == 7
    assert not np.array_equal(asked, rounds.user_ids[:7])  # drawn, not the first
