"""A merged checkpoint of two thousand weights, whose prompts are those of the doors, and a quick way to compress it."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from finetune.examples import FORMAT, ITEMS, MANIFEST, Example
from finetune.quantization.config import QuantizationConfig
from finetune.shards import write_examples, write_items
from llm_rerank.merging import MERGED
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from retrieval.catalogue import Catalogue
from retrieval.files import write_json
from retrieval.records import Item

ROOT = Path(__file__).parents[3]
Configure = Callable[..., QuantizationConfig]
PROMPT = PromptConfig(chat=False, lead="", question="Buy?")


def example(number: int, *, target: int) -> Example:
    """A household that took doors 0 and 1; `target` says which part it is of."""
    return Example(
        user_id=f"user{number:02}",
        history=(0, 1),
        times=(1, 2),
        target=target,
        rank=1,
        hits=(2, 3, 4),
        popular=(5,),
        random=(6,),
    )


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight lists to train on, whose target is door 7, and two to validate on, whose target is door 8."""
    folder = tmp_path_factory.mktemp("rows") / "examples"
    folder.mkdir()
    write_examples(folder / "train-00000.parquet", [example(number, target=7) for number in range(8)])
    write_examples(folder / "validation-00000.parquet", [example(number, target=8) for number in range(8, 10)])
    write_items(folder / ITEMS, Catalogue(Item(item_id=f"{n}", title=f"good door {n}") for n in range(9)))
    files = {"train": ["train-00000.parquet"], "validation": ["validation-00000.parquet"]}
    counted = {"train-00000.parquet": 8, "validation-00000.parquet": 2}
    manifest = {"format": FORMAT, "made_from": "doors", "history_items": 20, "shards": files, "rows": counted}
    write_json(folder / MANIFEST, manifest)
    return folder


@pytest.fixture(scope="session")
def merged(tiny: PreparedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, called merged; treat as read-only."""
    folder = tmp_path_factory.mktemp("merged") / "model"
    copytree(tiny.folder, folder)
    write_json(folder / MERGED, {"adapter_id": "0ne", "base": "tiny", "prompt": PROMPT.model_dump()})
    return folder


@pytest.fixture(scope="session")
def configure(merged: Path, rows: Path) -> Configure:
    """Four bits, calibrated on four prompts; `others` replace its fields."""
    usual = {
        "model": merged,
        "scheme": {"kind": "w4a16", "group_size": 8, "calibration": {"examples": rows, "prompts": 4}},
        "environment": ROOT / ".venv-quantize",
    }
    return lambda **others: QuantizationConfig.model_validate(usual | others)
