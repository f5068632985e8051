"""Examples of the tiny grocer's crowd, and a language model of two thousand weights that knows a dozen words: it trains
in a second.
"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from finetune.build_examples import build_examples
from finetune.examples_config import ExamplesConfig
from llm_rerank.models import PreparedModel, prepare_model
from retrieval.embedders.base import HashingConfig
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData

WORDS = "<unk> <s> </s> Yes No Buy? Candidate: - (nothing yet) Answer: The customer's shopping history: good plain door"


@pytest.fixture(scope="session")
def crowded(shop: ShopData, crowd: InteractionLog) -> ShopData:
    """Forty households, eight of them like `eva`, who bought one thing once."""
    return replace(shop, log=crowd)


@pytest.fixture(scope="session")
def config() -> ExamplesConfig:
    """Every kind of retriever, small files."""
    sequence = SequenceConfig(
        encoder=EncoderConfig(dimension=8, blocks=1, window=5),
        training=TrainingConfig(epochs=3, batch_size=4, validation_users=0),
    )
    return ExamplesConfig(
        embedder=HashingConfig(dimension=16),
        index=ExactConfig(),
        retrievers=(TextConfig(), PopularityConfig(), TransitionsConfig(), sequence),
        repeats=True,
        history_items=3,
        hits=3,
        popular=2,
        random=2,
        shard_rows=20,
    )


@pytest.fixture(scope="session")
def finished(crowded: ShopData, config: ExamplesConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished folder; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "examples"
    build_examples(crowded, config, folder, Progress(disable=True))
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """Random weights; every word is a token, and so is every number below 20."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    words = [*WORDS.split(), *map(str, range(20))]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(words))}
    spoken = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    spoken.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=spoken, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.3,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return prepare_model(str(folder))
