from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

import eval.systems
from eval.config import EvalConfig
from eval.data.base import Benchmark
from eval.protocol import Protocol
from eval.systems import Systems
from retrieval.log import InteractionLog
from retrieval.shop import ShopData
from retrieval.splits import leave_one_out

POPULAR = {"name": "popular", "answers": {"kind": "popularity"}}
CHANCE = {"name": "chance", "answers": {"kind": "random"}, "seeds": [0, 1]}
TEXT = {"name": "text", "answers": {"kind": "text"}}
BLEND = {"name": "blend", "answers": {"kind": "blend", "of": ["popular"], "trees": 2, "least_rows": 1}}


@pytest.fixture
def progress() -> Iterator[Progress]:
    with Progress(disable=True) as progress:
        yield progress


@pytest.fixture
def opened(
    configure: Callable[..., EvalConfig], shop: ShopData, tmp_path: Path, progress: Progress
) -> Callable[..., Systems]:
    def one(*systems: dict[str, object]) -> Systems:
        config = configure(list(systems))
        train = Protocol(config.protocol, Benchmark(shop=shop, given=None)).split.train
        return Systems(config, shop.catalogue, train, lambda: leave_one_out(train, "test"), progress, tmp_path / "kept")

    return one


def ranked(systems: Systems, name: str, shop: ShopData, seed: int = 0, user: str = "anna") -> list[str]:
    (system,) = [system for system in systems._config.systems if system.name == name]
    found = systems.open(system, seed).retriever.retrieve(shop.log.history(user), 12)
    return [candidate.item.item_id for candidate in found]


def test_fusing_one_system_keeps_its_order(opened: Callable[..., Systems], shop: ShopData) -> None:
    systems = opened(POPULAR, {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"popular": 2.0}}})
    available = [item_id for item_id in ranked(systems, "popular", shop) if item_id != "brie"]
    assert ranked(systems, "hybrid", shop) == available


def test_a_part_has_the_seed_of_what_joins_it(opened: Callable[..., Systems], shop: ShopData) -> None:
    hybrid = {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"chance": 1.0}}, "seeds": [0, 1]}
    systems = opened(CHANCE, hybrid)
    for seed in (0, 1):
        available = [item_id for item_id in ranked(systems, "chance", shop, seed) if item_id != "brie"]
        assert ranked(systems, "hybrid", shop, seed) == available


def test_a_part_of_one_seed_joins_every_seed(opened: Callable[..., Systems], shop: ShopData) -> None:
    hybrid = {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"popular": 1.0}}, "seeds": [3, 4]}
    systems = opened(POPULAR, hybrid)
    assert ranked(systems, "hybrid", shop, 3) == ranked(systems, "hybrid", shop, 4)


def test_shuffled_titles_are_another_items(opened: Callable[..., Systems]) -> None:
    systems = opened(TEXT, {"name": "control", "answers": {"kind": "text"}, "shuffled_titles": True})
    true, control = systems._shelf(shuffled=False).vectors, systems._shelf(shuffled=True).vectors
    assert sorted(control.place.tolist()) == sorted(true.place.tolist())
    assert not (control.at(np.arange(12)) == true.at(np.arange(12))).all(axis=1).any()


def test_the_control_answers_otherwise(opened: Callable[..., Systems], shop: ShopData) -> None:
    systems = opened(TEXT, {"name": "control", "answers": {"kind": "text"}, "shuffled_titles": True})
    assert ranked(systems, "text", shop) != ranked(systems, "control", shop)


def test_a_blend_learns_from_parts_that_have_not_seen_what_it_learns_from(
    opened: Callable[..., Systems], shop: ShopData, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs: list[InteractionLog] = []
    learn = eval.systems.fit_blend
    fit = eval.systems.fit

    def watching(config: object, shelf: object, *rest: object) -> object:
        logs.append(shelf.log)  # type: ignore[attr-defined]
        return fit(config, shelf, *rest)  # type: ignore[arg-type]

    def learning(config: object, split: object, *rest: object, **more: object) -> object:
        assert split.targets["dan"] == ("tea",)  # type: ignore[attr-defined]
        assert [len(log.history("dan").interactions) for log in logs] == [3]  # of 6: coffee and tea, then biscuits
        return learn(config, split, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(eval.systems, "fit", watching)
    monkeypatch.setattr(eval.systems, "fit_blend", learning)
    assert ranked(opened(POPULAR, BLEND), "blend", shop)
    assert [len(log.history("dan").interactions) for log in logs] == [3, 4]  # what it joins: all but brie and tea


def test_nothing_is_fitted_twice(
    opened: Callable[..., Systems], shop: ShopData, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ranked(opened(POPULAR, BLEND), "blend", shop)
    monkeypatch.setattr(eval.systems, "fit", None)
    monkeypatch.setattr(eval.systems, "fit_blend", None)
    assert ranked(opened(POPULAR, BLEND), "blend", shop) == before


def test_another_catalogue_is_fitted_anew(opened: Callable[..., Systems], shop: ShopData, tmp_path: Path) -> None:
    ranked(opened(POPULAR), "popular", shop)
    systems = opened(POPULAR)
    turned = type(shop.catalogue)(reversed(list(shop.catalogue)))
    other = Systems(systems._config, turned, systems._train, systems._inner, systems._progress, tmp_path / "kept")
    ranked(other, "popular", shop)
    assert len(list((tmp_path / "kept" / "fitted").glob("popularity-*.npz"))) == 2
