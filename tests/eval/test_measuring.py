from collections.abc import Callable

import numpy as np
import pytest

from eval.answers import Answers
from eval.config import EvalConfig
from eval.data.base import Benchmark
from eval.measuring import Asked, Measure
from eval.protocol import Protocol
from eval.result import SystemResult
from eval.systems import System
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.popularity import PopularityConfig, PopularityRetriever, fit_popularity
from retrieval.shop import ShopData

POPULAR = {"name": "popular", "answers": {"kind": "popularity"}}
# Last baskets: anna milk (a repeat), ben coffee (new), chloe wipes and nappies (repeats), dan brie (new) and tea.
NOTHING: tuple[str, ...] = ()


@pytest.fixture
def config(configure: Callable[..., EvalConfig]) -> EvalConfig:
    goal = {"system": "popular", "metric": "recall@5", "at_least": 0.1, "source": "a paper"}
    return configure([POPULAR], goals=[goal])


@pytest.fixture
def measured(config: EvalConfig, shop: ShopData) -> Callable[..., SystemResult]:
    """The row of a system that ranks these items for anna, ben, chloe and dan; a list of lists for each seed."""
    protocol = Protocol(config.protocol, Benchmark(shop=shop, given=None))
    vectors = ItemVectors(distinct=np.eye(12, dtype=np.float32), place=np.arange(12))
    measure = Measure(config, protocol, shop.catalogue, vectors)
    retriever = PopularityRetriever(
        PopularityConfig(), shop.catalogue, fit_popularity(PopularityConfig(), shop.catalogue, shop.log)
    )
    learnt = {"curve/loss": np.array([2.0, 1.0]), "curve/none": np.array([]), "importance/price": np.array(0.5)}
    checks = {"check/blend": np.array(0.2), "check/fusion": np.array(0.3)}

    def one(*seeds: list[tuple[str, ...]]) -> SystemResult:
        answers = {seed: answered(shop, lists) for seed, lists in enumerate(seeds)}
        system = System(retriever=retriever, arrays=learnt | checks, seconds=3.0)
        asked = Asked(answers=answers, fitted=dict.fromkeys(answers, system))
        table = measure.table(asked)
        return measure.system("mine", {"mine": asked}, {"same": table, "mine": table})

    return one


def answered(shop: ShopData, lists: list[tuple[str, ...]]) -> Answers:
    ranked = tuple(np.array([shop.catalogue.position(i) for i in items], dtype=np.int32) for items in lists)
    return Answers(
        users=("anna", "ben", "chloe", "dan"),
        ranked=ranked,
        scores=tuple(np.zeros(len(rows), dtype=np.float32) for rows in ranked),
        milliseconds=np.arange(4.0),
    )


LISTS = [("milk",), ("tea",), ("nappies", "milk"), ("oat", "brie")]


def test_recall_over_users(measured: Callable[..., SystemResult]) -> None:
    assert measured(LISTS).metrics["recall@5"].mean == (1 + 0 + 1 / 2 + 1 / 2) / 4


def test_repeats_and_new_items_are_each_asked_for_in_the_one_list(measured: Callable[..., SystemResult]) -> None:
    found = measured(LISTS).slices["repeats"]
    assert {name: (part.users, part.metrics["recall@5"].mean) for name, part in found.items()} == {
        "bought before": (3, (1 + 1 / 2 + 0) / 3),  # anna's milk, one of chloe's two, not dan's tea
        "new to the user": (2, (0 + 1) / 2),  # not ben's coffee; dan's brie
    }
    assert found["new to the user"].metrics["ndcg@10"].mean == pytest.approx((0 + 0.6309) / 2, abs=1e-4)  # second


def test_what_was_bought_before_takes_its_place_from_what_is_new(measured: Callable[..., SystemResult]) -> None:
    found = measured([*LISTS[:3], ("tea", "coffee", "brie")]).slices["repeats"]
    assert found["new to the user"].metrics["ndcg@10"].mean == pytest.approx(0.5 / 2)  # third, behind dan's tea


def test_a_slice_that_nobody_is_in_is_left_out(configure: Callable[..., EvalConfig], shop: ShopData) -> None:
    config = configure([POPULAR], protocol={"split": "leave-one-out", "part": "test", "seen": "allowed"})
    log = shop.log.where(shop.log.frame["user_id"].isin(["anna", "chloe"]).to_numpy())  # both buy the same again
    repeats = ShopData(name="repeats", catalogue=shop.catalogue, log=log)
    protocol = Protocol(config.protocol, Benchmark(shop=repeats, given=None))
    vectors = ItemVectors(distinct=np.eye(12, dtype=np.float32), place=np.arange(12))
    answers = answered(shop, [("milk",), ("wipes",)])
    retriever = PopularityRetriever(PopularityConfig(), shop.catalogue, {"scores": np.zeros(12)})
    asked = Asked(answers={0: answers}, fitted={0: System(retriever=retriever, arrays={}, seconds=0.0)})
    measure = Measure(config, protocol, shop.catalogue, vectors)
    found = measure.system("mine", {"mine": asked}, {"mine": measure.table(asked)})
    assert list(found.slices["repeats"]) == ["bought before"]


def test_a_users_figure_is_the_mean_over_seeds(measured: Callable[..., SystemResult]) -> None:
    found = measured(LISTS, [NOTHING] * 4)
    assert found.by_seed["0"]["recall@5"] == 0.5
    assert found.by_seed["1"]["recall@5"] == 0
    assert found.metrics["recall@5"].mean == 0.25


def test_what_lists_are_like_and_repeats_are_means_over_seeds(measured: Callable[..., SystemResult]) -> None:
    one, none, both = measured(LISTS), measured([NOTHING] * 4), measured(LISTS, [NOTHING] * 4)
    assert both.beyond["coverage@10"] == (one.beyond["coverage@10"] + none.beyond["coverage@10"]) / 2
    half = {name: part.metrics["recall@5"].mean / 2 for name, part in one.slices["repeats"].items()}
    assert {name: part.metrics["recall@5"].mean for name, part in both.slices["repeats"].items()} == half


def test_nobody_has_an_answer(measured: Callable[..., SystemResult]) -> None:
    found = measured([NOTHING] * 4)
    assert (found.users, found.metrics["ndcg@10"].mean, found.beyond["coverage@10"]) == (4, 0, 0)


def test_what_a_goal_names_is_compared(measured: Callable[..., SystemResult]) -> None:
    assert set(measured(LISTS).versus["same"]) == {"ndcg@10", "recall@5", "recall@10"}


def test_curves_importances_checks_and_time(measured: Callable[..., SystemResult]) -> None:
    found = measured(LISTS)
    assert (found.curves, found.importances) == ({"loss": [2.0, 1.0]}, {"price": 0.5})
    assert found.checks == {"blend": 0.2, "fusion": 0.3}
    assert (found.seconds_to_fit, found.milliseconds_per_user) == (3.0, 1.5)
