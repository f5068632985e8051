from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Progress

from eval.config import EvalConfig
from eval.data.base import Benchmark
from eval.lift.candidates import Asked, Proposals
from eval.lift.config import LiftConfig
from retrieval.config import read_config
from retrieval.errors import ConfigError
from retrieval.shop import ShopData
from retrieval.splits import last_basket

GIVEN = {"anna": ("tea", "oat"), "ben": ("brie", "oat")}


def test_given_candidates_are_all_that_is_proposed_to_those_to_whom_they_are_given(
    lift: Callable[..., LiftConfig], shop: ShopData, tmp_path: Path
) -> None:
    config = lift({"candidates": "given", "split": "leave-one-out", "learn_from": "before-validation"})
    benchmark, data = read_config(config.benchmark, EvalConfig), Benchmark(shop=shop, given=GIVEN)
    proposals = Proposals(config, benchmark, data, Progress(disable=True), tmp_path)
    assert proposed(proposals.test()) == {"anna": {"tea", "oat", "milk"}, "ben": {"brie", "oat", "coffee"}}
    assert proposed(proposals.learners()) == {"anna": {"tea", "oat", "bread"}, "ben": {"brie", "oat", "butter"}}


def test_what_other_systems_say_stands_beside_each_candidate_in_the_order_of_the_one(
    lift: Callable[..., LiftConfig], shop: ShopData, tmp_path: Path
) -> None:
    alone, heard = lift(of="popular"), lift(of="popular", also=["again"])
    benchmark, data = read_config(alone.benchmark, EvalConfig), Benchmark(shop=shop, given=None)
    before, after = (Proposals(c, benchmark, data, Progress(disable=True), tmp_path) for c in (alone, heard))
    for one, other in zip([*before.test(), *before.learners()], [*after.test(), *after.learners()], strict=True):
        assert [c.item for c in one.candidates] == [c.item for c in other.candidates]
        known = set(one.history.item_ids)
        said = {c.item.item_id: {opinion.source for opinion in c.sources} for c in other.candidates}
        assert {item_id for item_id, sources in said.items() if sources} == known & said.keys()
    with pytest.raises(ConfigError, match="also"):
        Proposals(lift(also=["nobody"]), benchmark, data, Progress(disable=True), tmp_path).test()


@pytest.mark.parametrize("of", ["hybrid", "blend"])
@pytest.mark.parametrize("learn_from", ["all-before", "before-validation"])
def test_learners_are_asked_as_the_test_part_of_a_log_that_ends_before_what_is_tested(
    lift: Callable[..., LiftConfig], shop: ShopData, tmp_path: Path, of: str, learn_from: str
) -> None:
    """So that no retriever has learnt from what they then took."""

    def proposals(of_whom: ShopData, learn_from: str) -> Proposals:
        config = lift({"learn_from": learn_from}, of=of, also=["popular"])
        benchmark, data = read_config(config.benchmark, EvalConfig), Benchmark(shop=of_whom, given=None)
        return Proposals(config, benchmark, data, Progress(disable=True), tmp_path)

    ends_before = replace(shop, log=last_basket(shop.log, "test").train)
    assert proposals(shop, learn_from).learners() == proposals(ends_before, "all-before").test()


def proposed(asked: list[Asked]) -> dict[str, set[str]]:
    return {one.history.user_id: {candidate.item.item_id for candidate in one.candidates} for one in asked}
