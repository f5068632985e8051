from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from eval.config import EvalConfig
from eval.data.base import Benchmark
from eval.lift.candidates import Asked, Proposals
from eval.lift.config import LiftConfig
from retrieval.config import read_config
from retrieval.shop import ShopData

GIVEN = {"anna": ("tea", "oat"), "ben": ("brie", "oat")}


def test_given_candidates_are_all_that_is_proposed_to_those_to_whom_they_are_given(
    lift: Callable[..., LiftConfig], shop: ShopData, tmp_path: Path
) -> None:
    config = lift({"candidates": "given", "split": "leave-one-out", "learn_from": "before-validation"})
    benchmark, data = read_config(config.benchmark, EvalConfig), Benchmark(shop=shop, given=GIVEN)
    proposals = Proposals(config, benchmark, data, Progress(disable=True), tmp_path)
    assert proposed(proposals.test()) == {"anna": {"tea", "oat", "milk"}, "ben": {"brie", "oat", "coffee"}}
    assert proposed(proposals.learners()) == {"anna": {"tea", "oat", "bread"}, "ben": {"brie", "oat", "butter"}}


def proposed(asked: list[Asked]) -> dict[str, set[str]]:
    return {one.history.user_id: {candidate.item.item_id for candidate in one.candidates} for one in asked}
