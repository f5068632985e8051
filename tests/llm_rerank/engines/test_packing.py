"""Packed scores are the scores of one prompt a candidate: the same mathematics, once."""

import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
)

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import PreparedModel
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import EngineError, MissingExtraError, ModelError

CASES = 50


@pytest.fixture(scope="module")
def plain_model(prepared: PreparedModel) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(prepared.folder, dtype=torch.float32, attn_implementation="sdpa").eval()


def random_request(seed: int, words: int) -> ScoringRequest:
    random = Random(seed)

    def tokens(n: int) -> tuple[int, ...]:
        return tuple(random.randrange(100, words) for _ in range(n))

    lengths = [1, *(random.randint(1, 12) for _ in range(random.randint(1, 3)))]
    return ScoringRequest(
        prefix=tokens(random.choice([1, 2, random.randint(3, 80)])),
        continuations=tuple(map(tokens, lengths)),
        labels=tokens(3),
    )


def one_prompt_each(model: PreTrainedModel, request: ScoringRequest) -> np.ndarray:
    """The independent way: plain forward passes over whole prompts, read at the last token."""
    with torch.inference_mode():
        rows = [model(torch.tensor([request.prefix + c])).logits[0, -1] for c in request.continuations]
    return torch.stack(rows)[:, list(request.labels)].numpy()


@pytest.mark.slow
def test_packed_equals_one_prompt_a_candidate(real_engine: TransformersEngine, plain_model: PreTrainedModel) -> None:
    requests = [random_request(seed, plain_model.config.vocab_size) for seed in range(CASES)]
    packed = real_engine.score(requests)
    worst = max(float(abs(p - one_prompt_each(plain_model, r)).max()) for p, r in zip(packed, requests, strict=True))
    assert worst <= 1e-3


def test_permutation_of_a_long_list(real_engine: TransformersEngine) -> None:
    request = random_request(1, 4000)
    many = request.continuations * 10 + random_request(2, 4000).continuations
    order = Random(0).sample(range(len(many)), len(many))
    (straight,) = real_engine.score([ScoringRequest(prefix=request.prefix, continuations=many, labels=(5, 6))])
    shuffled = tuple(many[i] for i in order)
    (permuted,) = real_engine.score([ScoringRequest(prefix=request.prefix, continuations=shuffled, labels=(5, 6))])
    np.testing.assert_allclose(permuted, straight[order], atol=1e-4)


def test_small_chunks_change_nothing(real_engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    request = random_request(3, 4000)
    (whole,) = real_engine.score([request])
    monkeypatch.setattr("llm_rerank.engines.chunked._CHUNK_SCORES", 1)  # one continuation a chunk
    np.testing.assert_allclose(real_engine.score([request])[0], whole, atol=1e-4)


def test_the_layout_of_two_requests() -> None:
    first = ScoringRequest(prefix=(10, 11), continuations=((12,), (13, 14)), labels=(0,))
    second = ScoringRequest(prefix=(20,), continuations=((21, 22),), labels=(0,))
    packed = pack([first, second], query_heads=1, device=torch.device("cpu"))
    assert packed.input_ids.tolist() == [[10, 11, 12, 13, 14, 20, 21, 22]]
    assert packed.position_ids.tolist() == [[0, 1, 2, 2, 3, 0, 1, 2]]
    assert packed.last_rows.tolist() == [2, 4, 7]
    assert [(c.prefix.start, c.prefix.stop) for c in packed.visible] == [(0, 2), (5, 6)]


ONE_SMALL_LAYER: dict[str, int] = {
    "vocab_size": 64,
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}


def test_a_model_with_a_sliding_window_is_refused(real_tokenizer: ChatTokenizer) -> None:
    config = MistralConfig(**ONE_SMALL_LAYER, sliding_window=4)
    engine = TransformersEngine(MistralForCausalLM(config), real_tokenizer)
    short, long = (ScoringRequest(prefix=(1,) * n, continuations=((2,),), labels=(3, 4)) for n in (2, 9))
    assert engine.score([short])[0].shape == (1, 2)
    with pytest.raises(EngineError, match="sliding window"):
        engine.score([long])


class Leaky(torch.nn.Module):
    """A layer that is no attention: it hands each token something of all before it."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + hidden.cumsum(dim=1)


def test_a_model_whose_candidates_would_see_each_other_is_refused(real_tokenizer: ChatTokenizer) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(**ONE_SMALL_LAYER, initializer_range=0.5)
    model = LlamaForCausalLM(config)
    TransformersEngine(model, real_tokenizer).require_packing()
    model.model.layers[0].mlp = Leaky()
    with pytest.raises(ModelError, match="differ from those of a prompt of its own"):
        TransformersEngine(model, real_tokenizer).require_packing()


def test_an_unknown_device_is_named(prepared: PreparedModel, real_tokenizer: ChatTokenizer) -> None:
    with pytest.raises(ModelError, match=r"cannot be loaded on gpu7.*engine\.device"):
        TransformersEngine.load(prepared.folder, real_tokenizer, device="gpu7")


def test_an_adapter_is_named_when_it_is_the_adapter_that_fails(
    prepared: PreparedModel, real_tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="the adapter cannot be added") as refused:
        TransformersEngine.load(prepared.folder, real_tokenizer, adapter=tmp_path, device="cpu")
    assert (refused.value.field, refused.value.value) == ("adapter", str(tmp_path))


def test_an_adapter_without_peft_names_the_extra(
    prepared: PreparedModel, real_tokenizer: ChatTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"llm-rerank\[serve\]"):
        TransformersEngine.load(prepared.folder, real_tokenizer, adapter=tmp_path, device="cpu")
