"""Texts to unit vectors: a hashing stand-in and sentence-transformers."""

from retrieval.embedders.base import Embedder, EmbedderConfig, HashingConfig, SentenceTransformerConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.errors import MissingExtraError


def build_embedder(config: EmbedderConfig) -> Embedder:
    """The embedder that `config` asks for; raises ModelError where its model cannot be loaded."""
    match config:
        case HashingConfig():
            return HashingEmbedder(config)
        case SentenceTransformerConfig():
            try:
                from retrieval.embedders.sentence_transformer import SentenceTransformerEmbedder
            except ImportError as err:
                raise _missing(config) from err
            return SentenceTransformerEmbedder(config)


def embedder_name(config: EmbedderConfig) -> str:
    """The name that build_embedder(config) will have, without loading a model."""
    match config:
        case HashingConfig():
            return HashingEmbedder(config).name
        case SentenceTransformerConfig():
            try:
                from retrieval.embedders.model_files import locate, name_of
            except ImportError as err:
                raise _missing(config) from err
            return name_of(config, locate(config))


def _missing(config: SentenceTransformerConfig) -> MissingExtraError:
    return MissingExtraError(
        "embedding with a model needs the retrieval extra",
        field="embedder.kind",
        value=config.kind,
        remedy="pip install 'llm-rerank[retrieval]', or use the embedder kind: hashing.",
    )
