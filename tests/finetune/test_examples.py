import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.examples import FORMAT, Example, ExampleFolder, read_items, read_manifest
from finetune.shards import write_examples
from retrieval.errors import DatasetError
from retrieval.files import write_json

ROW = Example(user_id="u", history=(3, 1), times=(1, 2), target=0, rank=3, hits=(4,), popular=(), random=(5, 2))


def folder_of(folder: Path, *examples: Example) -> Path:
    """A finished folder with these examples in one file."""
    write_examples(folder / "train-00000.parquet", examples)
    names = {"train": ["train-00000.parquet"], "validation": []}
    about = {"format": FORMAT, "made_from": "doors", "history_items": 20}
    manifest = about | {"shards": names, "rows": {"train-00000.parquet": len(examples)}}
    write_json(folder / "manifest.json", manifest)
    return folder


def test_what_was_written_is_read(tmp_path: Path) -> None:
    examples = [ROW, Example(user_id="w", history=(1,), times=(7,), target=2, rank=0, hits=(), popular=(3,), random=())]
    assert list(ExampleFolder(folder_of(tmp_path, *examples)).all("train")) == examples
    assert list(ExampleFolder(tmp_path).all("validation")) == []


def test_a_lone_surrogate_is_no_reason_to_fail(tmp_path: Path) -> None:
    odd = Example(user_id="\ud800", history=(1,), times=(1,), target=0, rank=3, hits=(), popular=(), random=(2,))
    (found,) = ExampleFolder(folder_of(tmp_path, odd)).all("train")
    assert found.user_id == "\\ud800"


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def one_row_less(path: Path) -> None:
    write_examples(path, [ROW])


@pytest.mark.parametrize(
    ("damage", "message"),
    [(Path.unlink, "missing"), (cut_short, "cut short"), (one_row_less, "of 1 rows, and 20 were written")],
)
def test_a_damaged_file_is_named_before_the_first_example(
    damage: Callable[[Path], None], message: str, finished: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "copy"))
    name = read_manifest(folder)["shards"]["train"][-1]
    write_examples(folder / name, [ROW] * 20)
    rows = read_manifest(folder)["rows"] | {name: 20}
    write_json(folder / "manifest.json", read_manifest(folder) | {"rows": rows})
    damage(folder / name)
    with pytest.raises(DatasetError, match=message) as caught:
        ExampleFolder(folder).all("train")
    assert name in str(caught.value)
    assert "Make the examples again" in caught.value.remedy


def test_damage_inside_a_file_is_named(tmp_path: Path) -> None:
    path = folder_of(tmp_path, *[ROW] * 100) / "train-00000.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 60 + whole[64:])  # the footer says what it did
    with pytest.raises(DatasetError, match=r"train-00000\.parquet"):
        list(ExampleFolder(tmp_path).all("train"))


def test_a_folder_that_is_unfinished_or_of_another_format(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no finished examples here\. Run `llm-rerank examples` or `teach` with "):
        ExampleFolder(tmp_path).all("train")
    write_json(tmp_path / "manifest.json", read_manifest(finished) | {"format": 1})
    with pytest.raises(DatasetError, match="format=1"):
        ExampleFolder(tmp_path).all("train")
    write_json(tmp_path / "manifest.json", {"format": FORMAT})
    with pytest.raises(DatasetError, match=r"manifest\.json is damaged"):
        ExampleFolder(tmp_path).all("train")
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DatasetError, match=r"manifest\.json is damaged"):
        ExampleFolder(tmp_path).all("train")


def test_other_files_are_not_taken_for_examples(finished: Path, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *[ROW] * 12)
    shutil.copy(finished / "items.parquet", folder / "train-00000.parquet")
    with pytest.raises(DatasetError, match=r"train-00000\.parquet"):
        list(ExampleFolder(folder).all("train"))
    with pytest.raises(DatasetError, match=r"items\.parquet is missing"):
        read_items(folder)


def test_reading_needs_nothing_that_only_making_needs() -> None:
    heavy = ("faiss", "lenskit", "pandas", "scipy", "torch", "sentence_transformers", "yaml", "pydantic", "rich")
    code = f"import sys, finetune.examples; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
