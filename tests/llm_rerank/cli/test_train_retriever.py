import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

SHOP = """
dataset:
  kind: files
  name: corner-shop
  items:
    path: {folder}/items.csv
    columns: {{item_id: sku, title: name}}
  interactions:
    path: {folder}/log.csv
    columns: {{user_id: customer, item_id: sku, timestamp: bought_at}}
    time_zone: UTC
embedder: {{kind: hashing, dimension: 16}}
"""
SOURCES = """
retrievers:
  - kind: popularity
  - kind: sequence
    encoder: {dimension: 8, blocks: 1}
    training: {epochs: 2}
"""


def write_log(folder: Path, days: int) -> None:
    rows = [f"c{c},s{(c + day) % 4},2024-05-{day + 1:02} 10:00" for c in range(8) for day in range(days)]
    (folder / "log.csv").write_text("\n".join(["customer,sku,bought_at", *rows]))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Eight customers go round four things, one a day for five days."""
    (tmp_path / "items.csv").write_text("sku,name\n" + "\n".join(f"s{n},Thing {n}" for n in range(4)))
    write_log(tmp_path, days=5)
    path = tmp_path / "retrieval.yaml"
    path.write_text(SHOP.format(folder=tmp_path) + SOURCES)
    return path


def test_a_training_says_what_came_of_it(run: Run, config: Path, tmp_path: Path) -> None:
    code, out, _ = run("train-retriever", "--config", config, "--out", tmp_path / "trained")
    assert code == 0
    assert re.search(r"4 items, up to 2024-05-05\. Validation NDCG@10: [01]\.\d{4}\.", " ".join(out.split()))
    assert (tmp_path / "trained" / "trained.json").exists()


def test_as_json(run: Run, config: Path, tmp_path: Path) -> None:
    code, out, _ = run("train-retriever", "--config", config, "--out", tmp_path / "trained", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer.keys() == {"folder", "items", "validation"}
    assert answer["items"] == 4
    ((_, curve),) = answer["validation"].items()
    assert len(curve) == 2
    assert all(0 <= value <= 1 for value in curve)


def test_a_training_goes_on_from_another(run: Run, config: Path, tmp_path: Path) -> None:
    run("train-retriever", "--config", config, "--out", tmp_path / "first", "--json")
    write_log(tmp_path, days=9)
    asked = ("train-retriever", "--config", config, "--out", tmp_path / "second", "--from", tmp_path / "first")
    code, out, _ = run(*asked)
    assert code == 0
    assert "up to 2024-05-09" in out.replace("\n", " ")


def test_a_folder_of_other_data_is_refused(run: Run, config: Path, tmp_path: Path) -> None:
    asked = ("train-retriever", "--config", config, "--out", tmp_path / "trained", "--json")
    run(*asked)
    write_log(tmp_path, days=9)
    code, out, err = run(*asked)
    assert (code != 0, out) == (True, "")
    assert "Give another folder" in err
    assert "Traceback" not in err


def test_a_configuration_without_a_sequence_retriever_is_refused(run: Run, config: Path, tmp_path: Path) -> None:
    config.write_text(SHOP.format(folder=tmp_path) + "retrievers: [{kind: popularity}]")
    code, out, err = run("train-retriever", "--config", config, "--out", tmp_path / "trained", "--json")
    assert (code != 0, out) == (True, "")
    assert "kind: sequence" in err
    assert not (tmp_path / "trained").exists()
