"""One adapter scores and another writes, over one base."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM

from llm_rerank.engines.base import Engine, GenerationRequest, ScoringRequest
from llm_rerank.engines.paired import PairedEngine
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.tokenizer import Tokenizer

REQUEST = ScoringRequest(prefix=tuple(range(40, 60)), continuations=((41,), (42, 43)), labels=(50, 51))
WRITE = GenerationRequest(prompt=tuple(range(40, 60)), max_tokens=8)
Load = Callable[..., TransformersEngine]


@pytest.fixture(scope="module")
def folders(tiny_llama: Callable[..., LlamaForCausalLM], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The base, and two adapters that change it much."""
    folder = tmp_path_factory.mktemp("models")
    base = tiny_llama(tie_word_embeddings=True)
    base.save_pretrained(folder / "base")
    for seed, name in enumerate(("scorer", "writer"), start=1):
        model = tiny_llama(tie_word_embeddings=True)
        torch.manual_seed(seed)
        lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
        get_peft_model(model, lora).save_pretrained(folder / name, save_embedding_layers=False)
    return {name: folder / name for name in ("base", "scorer", "writer")}


@pytest.fixture
def load(folders: dict[str, Path], characters: Tokenizer) -> Load:
    def with_adapter(name: str | None) -> TransformersEngine:
        adapter = None if name is None else folders[name]
        return TransformersEngine.load(folders["base"], characters, adapter=adapter, device="cpu")

    return with_adapter


def scores(engine: Engine) -> np.ndarray:
    return engine.score([REQUEST])[0]


def text(engine: Engine) -> str:
    return "".join(piece.text for piece in engine.generate([WRITE]))


@pytest.mark.parametrize("scorer", [None, "scorer"])
def test_each_does_its_own_work_as_if_it_were_alone(load: Load, scorer: str | None) -> None:
    pair = PairedEngine(load(scorer), load("writer"))
    np.testing.assert_allclose(scores(pair), scores(load(scorer)), atol=1e-5)
    assert text(pair) == text(load("writer")) != text(load(scorer))
    np.testing.assert_allclose(scores(pair), scores(load(scorer)), atol=1e-5)  # after it wrote, too


def test_what_neither_changes_is_there_once(load: Load) -> None:
    scorer, writer = load("scorer"), load("writer")
    PairedEngine(scorer, writer)
    models = zip(scorer._model.named_parameters(), writer._model.named_parameters(), strict=True)
    apart = [name for (name, one), (_, other) in models if one.data_ptr() != other.data_ptr()]
    assert len(apart) == 2 * 7  # the linear layers of two blocks
    assert all("proj" in name for name in apart)
