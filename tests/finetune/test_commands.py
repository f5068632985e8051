from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from typer.testing import CliRunner

from finetune.commands import examples, finetune_writer
from llm_rerank.models import PreparedModel
from retrieval.errors import ConfigError
from retrieval.shop import ShopData

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(examples)
writer_app = typer.Typer(pretty_exceptions_enable=False)
writer_app.command()(finetune_writer)


@pytest.fixture
def config_file(crowded: ShopData, tmp_path: Path) -> Path:
    """Of the crowd as a shop's own files."""
    frame, items = crowded.log.frame[["user_id", "item_id", "timestamp"]], list(crowded.catalogue)
    pq.write_table(pa.table({name: pa.array(frame[name]) for name in frame}), tmp_path / "log.parquet")
    titles = {"item_id": [item.item_id for item in items], "title": [item.title for item in items]}
    pq.write_table(pa.table(titles), tmp_path / "items.parquet")
    columns = {name: name for name in frame}
    dataset = {
        "kind": "files",
        "items": {"path": str(tmp_path / "items.parquet"), "columns": {name: name for name in titles}},
        "interactions": {"path": str(tmp_path / "log.parquet"), "columns": columns},
    }
    path = tmp_path / "examples.yaml"
    path.write_text(yaml.safe_dump({"dataset": dataset, "validation_share": 0.1, "popular": 1, "random": 2}))
    return path


def test_the_command_says_what_it_made(config_file: Path, tmp_path: Path) -> None:
    words = ["--config", str(config_file), "--out", str(tmp_path / "made")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "kept 12 of 12 items" in done.stdout
    said = " ".join(done.stdout.split())
    assert "to validate on, of 32 users and 12 items." in said
    assert (tmp_path / "made" / "manifest.json").exists()


def test_a_wrong_configuration_is_named(config_file: Path, tmp_path: Path) -> None:
    config_file.write_text("folds: 1")
    with pytest.raises(ConfigError, match="folds=1"):
        CliRunner().invoke(app, ["--config", str(config_file), "--out", str(tmp_path / "made")], catch_exceptions=False)


def test_a_writer_is_trained_from_a_shops_files(config_file: Path, tmp_path: Path, tiny: PreparedModel) -> None:
    dataset = yaml.safe_load(config_file.read_text())["dataset"]
    settings = {"dataset": dataset, "model": str(tiny.folder), "steps": 2, "facts_per_step": 2, "validation_facts": 2}
    config_file.write_text(yaml.safe_dump(settings))
    words = ["--config", str(config_file), "--out", str(tmp_path / "writer")]
    done = CliRunner().invoke(writer_app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "validation_likelihood" in " ".join(done.stdout.split())
    assert (tmp_path / "writer" / "adapter" / "adapter.json").exists()
