"""One adapter scores and another writes, in one engine over one base."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from llm_rerank.engines.base import Engine, GenerationRequest, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.tokenizer import Tokenizer

REQUEST = ScoringRequest(prefix=tuple(range(40, 60)), continuations=((41,), (42, 43)), labels=(50, 51))
WRITE = GenerationRequest(prompt=tuple(range(40, 60)), max_tokens=8)
Load = Callable[..., TransformersEngine]


def base() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.5,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The base, and two adapters that change it much."""
    folder = tmp_path_factory.mktemp("models")
    base().save_pretrained(folder / "base")
    for seed, name in enumerate(("scorer", "writer"), start=1):
        model = base()
        torch.manual_seed(seed)
        lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
        get_peft_model(model, lora).save_pretrained(folder / name, save_embedding_layers=False)
    return {name: folder / name for name in ("base", "scorer", "writer")}


@pytest.fixture
def load(folders: dict[str, Path], characters: Tokenizer) -> Load:
    def with_adapters(scorer: str | None, writer: str | None) -> TransformersEngine:
        adapter, writer_adapter = (None if name is None else folders[name] for name in (scorer, writer))
        return TransformersEngine.load(
            folders["base"], characters, adapter=adapter, writer_adapter=writer_adapter, device="cpu"
        )

    return with_adapters


def scores(engine: Engine) -> np.ndarray:
    return engine.score([REQUEST])[0]


def text(engine: Engine) -> str:
    return "".join(piece.text for piece in engine.generate([WRITE]))


@pytest.mark.parametrize("scorer", [None, "scorer"])
def test_each_does_its_own_work_as_if_it_were_alone(load: Load, scorer: str | None) -> None:
    both = load(scorer, "writer")
    np.testing.assert_allclose(scores(both), scores(load(scorer, None)), atol=1e-5)
    assert text(both) == text(load("writer", None)) != text(load(scorer, None))
    np.testing.assert_allclose(scores(both), scores(load(scorer, None)), atol=1e-5)  # after it wrote, too


def test_what_neither_changes_is_there_once(load: Load) -> None:
    engine = load("scorer", "writer")
    model, writer = engine._model, engine._writer
    assert writer.get_input_embeddings().weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
    changed = [pair[0].data_ptr() != pair[1].data_ptr() for pair in zip(writer.parameters(), model.parameters())]  # noqa: B905
    assert sum(changed) == 2 * 7  # the linear layers of two blocks


def test_without_a_writer_there_is_one_model(load: Load) -> None:
    engine = load("scorer", None)
    assert engine._writer is engine._model
