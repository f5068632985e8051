from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from rich.progress import Progress

from benchmarks import rankers
from benchmarks.rankers import (
    Ranked,
    RankersConfig,
    ask,
    churn_table,
    compare,
    quality_table,
    read_lists,
    retrieval_gains,
)
from finetune.examples import FORMAT, ITEMS, MANIFEST, Example, ExampleFolder
from finetune.shards import write_examples, write_items
from llm_rerank.models import PreparedModel
from llm_rerank.reranker import Query, Reranker
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.files import write_json
from retrieval.records import Item

TinyModel = Callable[[Path, list[str]], PreparedModel]


def row(user: int, rank: int) -> Example:
    return Example(
        user_id=f"user{user}",
        history=(0, 1),
        times=(1, 2),
        target=2,
        rank=rank,
        hits=(3, 4, 5, 6),
        popular=(7,),
        random=(8, 9),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five users; of the last one's target retrieval had not thought."""
    folder = tmp_path / "examples"
    folder.mkdir()
    rows = [row(user, rank) for user, rank in enumerate((1, 2, 3, 1, 0))]
    write_examples(folder / "validation-00000.parquet", rows)
    write_items(folder / ITEMS, Catalogue(Item(item_id=f"i{place}", title=f"Tea {place}") for place in range(10)))
    manifest = {
        "format": FORMAT,
        "made_from": "teas",
        "history_items": 2,
        "shards": {"train": [], "validation": ["validation-00000.parquet"]},
        "rows": {"validation-00000.parquet": len(rows)},
    }
    write_json(folder / MANIFEST, manifest)
    return folder


@pytest.fixture
def config(
    folder: Path,
    tmp_path: Path,
    tiny_model: Callable[[Path, list[str]], PreparedModel],
    monkeypatch: pytest.MonkeyPatch,
) -> RankersConfig:
    monkeypatch.setattr(rankers, "_MADE", tmp_path / "kept")
    monkeypatch.setattr(rankers, "_AT_ONCE", 2)
    model = tiny_model(tmp_path / "tiny", ["Yes", "No", "Buy?", "Tea", *map(str, range(10))])
    asked = {"prompt": {"chat": False, "question": "Tea", "history_items": 2}}
    return RankersConfig.model_validate(
        {
            "title": "Teas",
            "examples": {"teas": str(folder)},
            "reference": "one",
            "candidates": 4,
            "rankers": {
                "one": {"model": model.name, "prompt": {"history_items": 2}},
                "asked otherwise": {"model": model.name, **asked},
            },
        }
    )


def test_a_targets_place_is_worth_what_it_is_worth() -> None:
    ranked = Ranked(scores=[[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [1.0, 1.0, 2.0], [0.0, *range(11)]], seconds=1.0)
    assert ranked.gains.tolist() == pytest.approx([1, 1 / np.log2(3), 0.5, 0])


def test_what_retrieval_had_proposed_later_lies_last_in_its_order() -> None:
    gains = retrieval_gains([row(0, 1), row(0, 3), row(0, 17)], candidates=4)
    assert gains.tolist() == pytest.approx([1, 0.5, 1 / np.log2(5)])


def test_of_targets_that_it_missed_retrievals_order_is_not_asked(config: RankersConfig) -> None:
    _, raw = compare(config.model_copy(update={"targets": "any"}), Progress(disable=True))
    assert list(raw["teas"]) == list(config.rankers)


def test_who_ranks_alike_moves_nothing() -> None:
    one = Ranked(scores=[[2.0, 1.0, 0.0], [0.3, 0.2, 0.1]], seconds=1.0)
    other = Ranked(scores=[[20.0, 10.0, 0.0], [0.1, 0.2, 0.3]], seconds=2.0)
    rows = churn_table("teas", {"one": one, "other": other}, "one", {"one": 10**6, "other": 2 * 10**6}).rows
    assert rows == (
        ("one", "0.00", "1.000", "100%", "1.00", "1"),
        ("other", "0.67", "0.000", "50%", "2.00", "2"),
    )
    rows = quality_table("teas", {"one": one.gains, "other": other.gains}, "one").rows
    assert [cells[:2] for cells in rows] == [("one", "1.0000"), ("other", "0.7500")]


def test_a_reference_that_is_no_ranker_is_refused(config: RankersConfig) -> None:
    with pytest.raises(ValidationError, match="nobody is none of"):
        RankersConfig.model_validate(config.model_dump() | {"reference": "nobody"})


def test_lists_by_which_weights_were_chosen_are_left_out(config: RankersConfig) -> None:
    examples = ExampleFolder(config.examples["teas"])
    assert [row.user_id for row in read_lists(config.model_copy(update={"skip": 3}), examples)] == ["user3"]
    with pytest.raises(DatasetError, match="no list to compare on"):
        read_lists(config.model_copy(update={"skip": 4}), examples)


def test_another_method_is_asked_for_itself(config: RankersConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    one = config.rankers["one"]
    both = config.model_copy(update={"rankers": {"one": one, "letters": one.model_copy(update={"method": "letters"})}})
    asked: list[str] = []

    def named(self: Reranker, queries: list[Query]) -> list[NDArray[np.float64]]:
        asked.append(self.method)
        return [np.arange(len(query.items), dtype=float) for query in queries]

    monkeypatch.setattr(Reranker, "score", named)
    compare(both, Progress(disable=True))
    assert asked == ["packed"] * 2 + ["letters"] * 2


def test_no_target_is_known_by_its_place(config: RankersConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many items as places, each scored by its own number: the target, i2, comes back first."""
    asked: list[str] = []

    def numbers(self: Reranker, queries: list[Query]) -> list[NDArray[np.float64]]:
        asked.extend(query.items[0].item_id for query in queries)
        return [np.array([float(item.item_id[1:]) for item in query.items]) for query in queries]

    monkeypatch.setattr(Reranker, "score", numbers)
    reranker = Reranker(None, None, ExampleFolder(config.examples["teas"]).catalogue, fusion=None)  # type: ignore[arg-type]
    rows = [replace(row(user, 1), history=(user, 9)) for user in range(9)]
    assert ask(reranker, rows, 4) == [[2, 3, 4, 5]] * 9
    assert set(asked) == {"i2", "i3", "i4", "i5"}


def test_a_comparison_goes_on_where_it_was_stopped(config: RankersConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    score = Reranker.score

    def counted(self: Reranker, queries: list[object]) -> object:
        if len(asked) == 3:
            raise KeyboardInterrupt
        asked.append(len(queries))
        return score(self, queries)  # type: ignore[arg-type]

    monkeypatch.setattr(Reranker, "score", counted)
    with pytest.raises(KeyboardInterrupt):
        compare(config, Progress(disable=True))
    before, asked[:] = list(asked), []
    _, raw = compare(config, Progress(disable=True))
    assert before == [2, 2, 2]
    assert asked == [2]  # four lists of two rankers, two at once
    assert [len(gains) for gains in raw["teas"].values()] == [4, 4, 4]  # retrieval had not thought of the fifth


@pytest.mark.parametrize("idle", [{"candidates": 7}, {"llm_weight": 0.9}], ids=str)
def test_a_setting_that_has_no_say_is_refused(config: RankersConfig, idle: dict[str, float]) -> None:
    told = config.model_dump()
    told["rankers"]["one"] |= idle
    with pytest.raises(ValidationError, match="of one have no say here"):
        RankersConfig.model_validate(told)


def test_histories_longer_than_the_examples_hold_are_refused(config: RankersConfig) -> None:
    told = config.model_dump()
    told["rankers"]["one"]["prompt"]["history_items"] = 3
    with pytest.raises(DatasetError, match=r"prompt\.history_items=3"):
        compare(RankersConfig.model_validate(told), Progress(disable=True))
