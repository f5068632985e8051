import sys
from pathlib import Path

import pytest

from retrieval.embedders import build_embedder, embedder_name
from retrieval.embedders.base import SentenceTransformerConfig
from retrieval.embedders.model_files import locate
from retrieval.errors import MissingExtraError, ModelError


@pytest.fixture
def minilm_copy(tmp_path: Path) -> Path:
    """A folder of links to MiniLM's files, so that one of them can be damaged."""
    model = locate(SentenceTransformerConfig())
    for path in (path for path in model.rglob("*") if path.is_file()):
        link = tmp_path / path.relative_to(model)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return tmp_path


def test_a_truncated_model_is_a_model_error(minilm_copy: Path) -> None:
    weights = minilm_copy / "model.safetensors"
    with weights.open("rb") as file:
        start = file.read(100_000)
    weights.unlink()  # the link, not the model
    weights.write_bytes(start)
    with pytest.raises(ModelError, match="cannot be loaded"):
        build_embedder(SentenceTransformerConfig(model=str(minilm_copy)))


def test_a_changed_file_changes_the_name(minilm_copy: Path) -> None:
    config = SentenceTransformerConfig(model=str(minilm_copy))
    before = embedder_name(config)
    (minilm_copy / "more.json").write_text("{}")
    assert embedder_name(config) != before


def test_a_model_that_is_not_here_is_not_fetched() -> None:
    with pytest.raises(ModelError, match="download: true"):
        build_embedder(SentenceTransformerConfig(model="nobody/no-such-model"))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "retrieval.embedders.sentence_transformer", raising=False)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"llm-rerank\[retrieval\]"):
        build_embedder(SentenceTransformerConfig())
