from collections.abc import Callable
from zlib import crc32

import pytest
from transformers import LlamaForCausalLM

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
def forms(tiny_llama: Callable[..., LlamaForCausalLM]) -> Forms:
    model = tiny_llama(max_position_embeddings=2048, initializer_range=0.3)
    return Forms(TransformersEngine(model, WordTokenizer()), WordTokenizer(), World(seed=0))
