"""Embedding with a sentence-transformers model: the only module that imports it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from retrieval.embedders.base import SentenceTransformerConfig, distinct
from retrieval.embedders.model_files import locate, name_of, one_line, unusable


class SentenceTransformerEmbedder:
    """Texts longer than the model reads are cut by its tokenizer; texts given twice are embedded once."""

    def __init__(self, config: SentenceTransformerConfig) -> None:
        """Loads the model; raises ModelError where its files are missing, cut short or not a model."""
        self._config = config
        folder = locate(config)
        try:
            self._model = SentenceTransformer(str(folder), device=config.device, local_files_only=True)
        except Exception as err:  # every library below has its own errors for a bad file
            raise unusable(config, f"the model in {folder} cannot be loaded ({one_line(err)})") from err
        self.name = name_of(config, folder)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), unit rows."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        different, place = distinct([_valid(text) for text in texts])
        vectors: NDArray[np.float32] = self._model.encode(
            list(different),
            batch_size=self._config.batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return vectors.astype(np.float32, copy=False)[place]


def _valid(text: str) -> str:
    """Tokenizers take only valid UTF-8: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
