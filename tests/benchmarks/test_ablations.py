from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from rich.progress import Progress

from benchmarks import rankers
from benchmarks.ablations import AblationsConfig, folder_of, merged, rankers_of, trained, trainings_table
from benchmarks.rankers import compare
from finetune.examples import FORMAT, ITEMS, MANIFEST, Example
from finetune.shards import write_examples, write_items
from llm_rerank.models import PreparedModel
from retrieval.catalogue import Catalogue
from retrieval.files import write_json
from retrieval.records import Item


def row(user: int) -> Example:
    rest = tuple(place for place in range(10) if place != user % 10)
    return Example(
        user_id=f"user{user:02}",
        history=(user % 10,),
        times=(1,),
        target=(user + 1) % 10,
        rank=1,
        hits=rest[:4],
        popular=rest[4:6],
        random=rest[6:],
    )


@pytest.fixture
def config(
    tmp_path: Path, tiny_model: Callable[[Path, list[str]], PreparedModel], monkeypatch: pytest.MonkeyPatch
) -> AblationsConfig:
    """Two short trainings of a tiny model about ten teas."""
    monkeypatch.setattr(rankers, "_MADE", tmp_path / "kept")
    folder = tmp_path / "examples"
    folder.mkdir()
    parts = {"train": [row(user) for user in range(8)], "validation": [row(user) for user in range(8, 12)]}
    for part, rows in parts.items():
        write_examples(folder / f"{part}-00000.parquet", rows)
    write_items(folder / ITEMS, Catalogue(Item(item_id=f"i{place}", title=f"Tea {place}") for place in range(10)))
    manifest = {
        "format": FORMAT,
        "made_from": "teas",
        "history_items": 2,
        "shards": {part: [f"{part}-00000.parquet"] for part in parts},
        "rows": {f"{part}-00000.parquet": len(rows) for part, rows in parts.items()},
    }
    write_json(folder / MANIFEST, manifest)
    model = tiny_model(tmp_path / "tiny", ["Yes", "No", "Buy?", "Tea", *map(str, range(10))])
    told = {
        "examples": str(folder),
        "model": model.name,
        "prompt": {"chat": False, "history_items": 2},
        "negatives": {"hits": 2, "popular": 1, "random": 1},
        "lists_per_step": 4,
        "validation_lists": 0,
    }
    variants = {"as configured": {}, "rank 2": {"lora": {"rank": 2}}}
    return AblationsConfig.model_validate(
        {"title": "Teas", "training": told, "variants": variants, "reference": "as configured"}
    )


def test_a_variant_is_the_training_with_what_it_changes(config: AblationsConfig) -> None:
    told = config.trainings()
    assert told["as configured"] == config.training
    assert told["rank 2"].lora.rank == 2
    assert told["rank 2"].lora.alpha == config.training.lora.alpha


def test_of_nested_settings_only_those_named_are_changed() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}) == {"a": {"b": 9, "c": 2}, "d": 3}


def test_a_variants_folder_has_a_plain_name() -> None:
    assert folder_of("LambdaRank, rank 2") == "lambdarank-rank-2"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"variants": {"Rank 2": {}, "rank-2": {}}, "reference": "rank-2"}, "called alike"),
        ({"variants": {"as it is, untrained": {}}, "reference": "as it is, untrained"}, "called alike"),
        ({"reference": "nobody"}, "nobody is none of"),
        ({"variants": {"as configured": {"lora": {"rnak": 2}}}}, "rnak"),
        ({"variants": {"as configured": {"examples": "elsewhere"}}}, "may have learnt from those who judge"),
    ],
    ids=["one folder", "the untrained", "no reference", "a slip", "other examples"],
)
def test_what_could_not_be_compared_is_refused_before_hours_of_training(
    config: AblationsConfig, change: dict[str, object], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        AblationsConfig.model_validate(config.model_dump() | change)


def test_variants_are_trained_and_compared(config: AblationsConfig, tmp_path: Path) -> None:
    adapters = trained(config, tmp_path / "made", Progress(disable=True))
    assert [path.name for path in sorted((tmp_path / "made").iterdir())] == ["as-configured", "rank-2"]
    _, raw = compare(rankers_of(config, adapters), Progress(disable=True))
    assert list(raw["Validation lists"]) == ["retrieval's order", "as configured", "rank 2", "as it is, untrained"]
    assert [cells[1] for cells in trainings_table(config, adapters).rows] == ["nothing", "lora.rank: 2"]
