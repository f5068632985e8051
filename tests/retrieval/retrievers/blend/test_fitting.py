from collections import Counter
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
from retrieval.retrievers.blend.fitting import CHECK, IMPORTANCE, fit_blend
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
    repeats, seed = changes.pop("repeats", True), changes.pop("seed", 0)
    equally = HybridRetriever(HybridConfig(), catalogue, [(source, 1.0) for source in sources.values()])
    fusion = changes.pop("fusion", equally)
    config = CONFIG.model_copy(update=changes)
    return fit_blend(
        config, split, sources, fusion, catalogue, vectors, seed, repeats=repeats, track=lambda users: users
    )


def checks(arrays: Arrays) -> dict[str, float]:
    return {name.removeprefix(CHECK): float(value) for name, value in arrays.items() if name.startswith(CHECK)}


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
    sources, split = {"one": told("one", knows), "two": told("two", errs)}, last_basket(rounds, "test")
    one, other = (learn(sources, split, catalogue, vectors) for _ in range(2))
    assert one["model"].tobytes() == other["model"].tobytes()
    assert checks(one) == checks(other)


def test_a_blend_that_is_better_is_kept_and_says_by_how_much(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    sources = {"one": told("one", knows), "two": told("two", errs)}
    arrays = learn(sources, last_basket(rounds, "test"), catalogue, vectors)
    assert "model" in arrays
    assert checks(arrays)["blend"] == 1
    assert 0 < checks(arrays)["fusion"] < 1  # it believes both alike


def test_a_blend_that_is_no_better_leaves_its_checks_and_no_model(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    arrays = learn({"one": told("one", knows)}, last_basket(rounds, "test"), catalogue, vectors)
    assert arrays.keys() == {f"{CHECK}blend", f"{CHECK}fusion"}
    assert checks(arrays)["blend"] <= checks(arrays)["fusion"] == 1


def noise(rounds: InteractionLog, told: Told, rng: np.random.Generator) -> tuple[Split, dict[str, Retriever]]:
    """Shoppers who buy anything next, and two sources that propose anything first."""
    split = last_basket(rounds, "test")
    targets = {user: (str(rng.choice(LETTERS)),) for user in split.targets}
    sources = {name: told(name, lambda _: " ".join(rng.permutation(LETTERS))) for name in ("one", "two")}
    return Split(train=split.train, held_out=split.held_out, targets=targets), sources


@pytest.mark.parametrize("seed", range(4))
def test_a_blend_of_noise_is_not_kept_against_a_fusion_that_knows(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog, seed: int
) -> None:
    split, sources = noise(rounds, told, np.random.default_rng(seed))
    fusion = told("fusion", lambda history: split.targets[history.user_id][0])
    arrays = learn(sources, split, catalogue, vectors, seed=seed, fusion=fusion)
    assert arrays.keys() == {f"{CHECK}blend", f"{CHECK}fusion"}
    assert 0 < checks(arrays)["blend"] < checks(arrays)["fusion"] == 1


def test_where_there_is_nothing_to_know_luck_is_seldom_believed(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    kept = 0
    for seed in range(12):
        split, sources = noise(rounds, told, np.random.default_rng(seed))
        kept += "model" in learn(sources, split, catalogue, vectors, seed=seed)
    assert kept <= 2


def test_users_to_whom_nothing_right_is_proposed_count_in_the_check(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    asked: Counter[str] = Counter()

    def known(user: str) -> bool:
        return user < "u40"

    def listen(history: UserHistory) -> str:
        asked[history.user_id] += 1
        return knows(history) if known(history.user_id) else "oat"

    sources = {"one": told("one", listen), "two": told("two", lambda h: errs(h) if known(h.user_id) else "oat")}
    arrays = learn(sources, last_basket(rounds, "test"), catalogue, vectors)
    checked = [user for user, times in asked.items() if times == 2]  # by fusion once more
    assert len(checked) == 60 / 5
    assert checks(arrays)["blend"] == pytest.approx(sum(map(known, checked)) / len(checked))
    assert 0 < checks(arrays)["blend"] < 1


def test_too_few_users_to_check_teach_nothing(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    sources, split = {"one": told("one", knows), "two": told("two", errs)}, last_basket(rounds, "test")
    assert learn(sources, split, catalogue, vectors, users=20, least_rows=1) == {}
    assert checks(learn(sources, split, catalogue, vectors, users=21, least_rows=1))


def test_what_is_not_available_is_no_right_answer(
    told: Told, catalogue: Catalogue, vectors: ItemVectors, rounds: InteractionLog
) -> None:
    split = Split(train=rounds, held_out=rounds, targets=dict.fromkeys(rounds.user_ids, ("brie",)))
    assert learn({"one": told("one", lambda _: "brie milk")}, split, catalogue, vectors) == {}


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
    told: Told, catalogue: Catalogue, vectors: ItemVectors, crowd: InteractionLog
) -> None:
    split = Split(
        train=crowd, held_out=crowd, targets={user: (crowd.history(user).item_ids[0],) for user in crowd.user_ids}
    )
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

    learn({"one": told("one", listen)}, last_basket(rounds, "test"), catalogue, vectors, users=30)
    assert len(set(asked)) == 30
    assert len(asked) == 30 + 30 / 5  # those held out, by fusion once more
    assert set(asked) != set(rounds.user_ids[:30])  # drawn, not the first
