"""What every embedder promises, asked of each of them."""

import numpy as np
import pytest

from retrieval.embedders import build_embedder, embedder_name
from retrieval.embedders.base import Embedder, EmbedderConfig, HashingConfig, SentenceTransformerConfig

CONFIGS: dict[str, EmbedderConfig] = {"hashing": HashingConfig(), "minilm": SentenceTransformerConfig()}
TEXTS = ["Whole milk 1 l", "牛奶 🥛", "", " ", "حليب", "\ud800 lone", "\x00\x1b[31m", "word " * 1000, "Whole milk 1 l"]


@pytest.fixture(scope="module", params=CONFIGS)
def config(request: pytest.FixtureRequest) -> EmbedderConfig:
    return CONFIGS[request.param]


@pytest.fixture(scope="module")
def embedder(config: EmbedderConfig) -> Embedder:
    return build_embedder(config)


def test_every_text_whatever_it_holds_becomes_a_unit_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_text_gives_no_vector(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_equal_texts_have_equal_vectors_in_any_company(embedder: Embedder) -> None:
    alone, together = embedder.embed(TEXTS[:1]), embedder.embed(TEXTS)
    np.testing.assert_array_equal(together[0], together[-1])
    np.testing.assert_allclose(alone[0], together[0], atol=1e-5)


def test_what_reads_alike_is_near(embedder: Embedder) -> None:
    milk, oat_milk, screws = embedder.embed(["whole milk", "oat milk", "steel screws"])
    assert milk @ oat_milk > milk @ screws + 0.1


def test_the_name_is_known_without_loading_a_model(embedder: Embedder, config: EmbedderConfig) -> None:
    assert embedder.name == embedder_name(config)
