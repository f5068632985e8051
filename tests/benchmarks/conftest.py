from zlib import crc32

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.forms import Forms
from benchmarks.world import World
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.tokenizer import TokenIds


class WordTokenizer:
    opening = (1,)
    closing = (2,)
    end_ids = frozenset({3})
    pad_id = 0

    def encode(self, text: str) -> TokenIds:
        return tuple(4 + crc32(word.encode()) % 250 for word in text.split())

    def decode(self, ids: TokenIds) -> str:
        return " ".join(map(str, ids))


@pytest.fixture(scope="package")
def forms() -> Forms:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
    )
    return Forms(TransformersEngine(LlamaForCausalLM(config), WordTokenizer()), WordTokenizer(), World(seed=0))
