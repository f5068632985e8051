from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from llm_rerank.adapters import WEIGHTS, Adapter
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.merging import MERGED, merge
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ConfigError, ModelError
from retrieval.files import read_json

REQUEST = ScoringRequest(prefix=(1, 5, 9), continuations=((7, 8), (11,), (7, 8, 12)), labels=(3, 4))


@pytest.fixture(scope="module")
def merged(tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """Treat as read-only."""
    out = tmp_path_factory.mktemp("merged") / "new" / "merged"
    merge(tiny_adapter, tiny_base, out)
    return prepare_model(str(out))


def scores(model: PreparedModel, adapter: Adapter | None = None) -> NDArray[np.float32]:
    folder = None if adapter is None else adapter.folder
    engine = TransformersEngine.load(model.folder, ChatTokenizer.load(model.folder), adapter=folder, device="cpu")
    return engine.score([REQUEST])[0]


def test_it_scores_as_the_adapter_does(merged: PreparedModel, tiny_base: PreparedModel, tiny_adapter: Adapter) -> None:
    np.testing.assert_allclose(scores(merged), scores(tiny_base, tiny_adapter), atol=1e-5)
    assert np.abs(scores(merged) - scores(tiny_base)).max() > 0.1


def test_transformers_alone_loads_it_as_peft_has_it(
    merged: PreparedModel, tiny_base: PreparedModel, tiny_adapter: Adapter
) -> None:
    base = AutoModelForCausalLM.from_pretrained(tiny_base.folder, dtype=torch.float32)
    beside = PeftModel.from_pretrained(base, tiny_adapter.folder)  # nothing added to anything
    ids = torch.tensor([[1, 5, 9, 7, 8]])
    with torch.inference_mode():
        found = AutoModelForCausalLM.from_pretrained(merged.folder)(ids).logits
        torch.testing.assert_close(found, beside(ids).logits, atol=1e-5, rtol=0)


def test_its_weights_are_not_rounded(merged: PreparedModel) -> None:
    assert {weights.dtype for weights in load_file(merged.folder / "model.safetensors").values()} == {torch.float32}


def test_its_tokenizer_is_that_of_the_base(merged: PreparedModel, tiny_base: PreparedModel) -> None:
    ours, theirs = ChatTokenizer.load(merged.folder), ChatTokenizer.load(tiny_base.folder)
    assert (ours.opening, ours.closing, ours.end_ids) == (theirs.opening, theirs.closing, theirs.end_ids)
    assert ours.encode("milk bread Yes") == theirs.encode("milk bread Yes") == (11, 12, 3)


def test_it_says_what_it_was_made_of(merged: PreparedModel, tiny_base: PreparedModel, tiny_adapter: Adapter) -> None:
    about = read_json(merged.folder / MERGED)
    assert (about["adapter_id"], about["base"]) == (tiny_adapter.adapter_id, tiny_base.name)
    assert about["base_fingerprint"] == tiny_base.fingerprint
    assert (about["prompt"], about["method"]) == (tiny_adapter.prompt.model_dump(), "packed")


def test_whoever_serves_it_may_be_another_user(merged: PreparedModel) -> None:
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in merged.folder.iterdir())


def test_another_base_is_refused(tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the adapter was trained on"):
        merge(tiny_adapter, replace(tiny_base, fingerprint="0ther"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_lies_there_is_kept(tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    for out in (tmp_path, tmp_path / "theirs"):
        with pytest.raises(ConfigError, match=r"out=.*something lies there already"):
            merge(tiny_adapter, tiny_base, out)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_an_empty_folder_is_as_good_as_none(tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path) -> None:
    merge(tiny_adapter, tiny_base, tmp_path)
    assert (tmp_path / MERGED).exists()


def test_without_room_nothing_is_left(
    tiny_base: PreparedModel,
    tiny_adapter: Adapter,
    tmp_path: Path,
    no_room_for: Callable[[int], AbstractContextManager[None]],
) -> None:
    with no_room_for(10_000), pytest.raises(ModelError, match=r"out=.*the checkpoint cannot be written"):
        merge(tiny_adapter, tiny_base, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_that_does_not_fit_leaves_nothing(
    tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path
) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / WEIGHTS).write_bytes(b"none")
    with pytest.raises(ModelError, match="the adapter cannot be added to this model"):
        merge(replace(tiny_adapter, folder=tmp_path / "adapter"), tiny_base, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]
