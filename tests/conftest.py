"""One tiny world for every suite: a grocer with a dozen items and five households.

`oat` and `rolls` are new (nobody bought them), `brie` is not available, and `eva` bought one thing once.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from retrieval.build import build
from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.folder import BuiltShop, load_folder
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM  # slow to import, and needed by some

    from llm_rerank.models import PreparedModel

settings.register_profile("shared machines", deadline=None)  # a slow moment is no failure
settings.load_profile("shared machines")

MONDAY = datetime(2024, 1, 1, 9, tzinfo=UTC)

BASKETS = {  # user: the items bought on day 0, on day 1, ...
    "anna": ("milk bread", "butter", "milk coffee", "bread", "milk"),
    "ben": ("milk bread", "cheddar", "bread butter", "coffee"),
    "chloe": ("nappies wipes", "milk", "nappies", "wipes nappies"),
    "dan": ("coffee tea", "biscuits", "tea", "brie tea"),
    "eva": ("nappies",),
}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(
        [
            Item(item_id="milk", title="Whole milk 1 l", category="dairy", brand="Meadow", price=1.2),
            Item(item_id="butter", title="Salted butter 250 g", category="dairy", brand="Meadow", price=2.5),
            Item(item_id="cheddar", title="Mature cheddar cheese", category="dairy", brand="Hill", price=4.0),
            Item(item_id="brie", title="Soft brie cheese", category="dairy", brand="Hill", price=5.0, available=False),
            Item(item_id="bread", title="Brown bread", category="bakery", brand="Oven", price=1.8),
            Item(item_id="rolls", title="Bread rolls, six", category="bakery", brand="Oven", price=1.5),
            Item(item_id="biscuits", title="Ginger biscuits", category="bakery", price=2.0),
            Item(item_id="coffee", title="Ground coffee 500 g", category="drinks", brand="Roast", price=6.0),
            Item(item_id="tea", title="Black tea, 80 bags", category="drinks", brand="Leaf", price=3.0),
            Item(item_id="nappies", title="Baby nappies size 3", category="baby", brand="Soft", price=9.0),
            Item(item_id="wipes", title="Baby wipes", category="baby", brand="Soft", price=2.2),
            Item(item_id="oat", title="Oat milk 1 l", category="dairy", brand="Field", price=2.1),
        ]
    )


@pytest.fixture(scope="session")
def log() -> InteractionLog:
    return InteractionLog.of(
        Interaction(user_id=user_id, item_id=item_id, timestamp=MONDAY + timedelta(days=day))
        for user_id, baskets in BASKETS.items()
        for day, basket in enumerate(baskets)
        for item_id in basket.split()
    )


@pytest.fixture(scope="session")
def crowd(log: InteractionLog) -> InteractionLog:
    """The five households and seven more of each, alike: enough for a blend to learn from and to be checked on."""
    households = [log.history(user_id) for user_id in log.user_ids]
    return InteractionLog.of(
        replace(interaction, user_id=f"{household.user_id}{number or ''}")
        for number in range(8)
        for household in households
        for interaction in household.interactions
    )


@pytest.fixture(scope="session")
def shop(catalogue: Catalogue, log: InteractionLog) -> ShopData:
    return ShopData(name="grocer", catalogue=catalogue, log=log, notice="made up for the tests")


@pytest.fixture(scope="session")
def built_folder(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished build of the tiny shop; treat as read-only."""
    folder = tmp_path_factory.mktemp("built") / "shop"
    sources = (BuyAgainConfig(), TextConfig(), PopularityConfig(weight=0.1))
    build(shop, RetrievalConfig(embedder=HashingConfig(), index=ExactConfig(), retrievers=sources), folder)
    return folder


@pytest.fixture(scope="session")
def built(built_folder: Path) -> BuiltShop:
    return load_folder(built_folder)


@pytest.fixture(scope="session")
def tiny_llama() -> "Callable[..., LlamaForCausalLM]":
    """Makes a model of two layers, always of the same random weights; `others` replace its settings."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    def make(**others: object) -> LlamaForCausalLM:
        torch.manual_seed(0)
        usual: dict[str, object] = {
            "vocab_size": 256,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 128,
            "initializer_range": 0.5,
        }
        return LlamaForCausalLM(LlamaConfig(**(usual | others)))

    return make


@pytest.fixture(scope="session")
def tiny_model(tiny_llama: "Callable[..., LlamaForCausalLM]") -> "Callable[[Path, list[str]], PreparedModel]":
    """Writes one of two thousand weights, to which each of these words is a token."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    from llm_rerank.models import PreparedModel, prepare_model

    def write(folder: Path, words: list[str]) -> PreparedModel:
        vocabulary = {word: number for number, word in enumerate(dict.fromkeys(["<unk>", "<s>", "</s>", *words]))}
        spoken = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
        spoken.pre_tokenizer = WhitespaceSplit()
        PreTrainedTokenizerFast(
            tokenizer_object=spoken, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
        ).save_pretrained(folder)
        tiny_llama(
            vocab_size=64,
            hidden_size=16,
            intermediate_size=32,
            max_position_embeddings=256,
            initializer_range=0.3,
            tie_word_embeddings=True,
            bos_token_id=1,
            eos_token_id=2,
        ).save_pretrained(folder)
        return prepare_model(str(folder))

    return write
