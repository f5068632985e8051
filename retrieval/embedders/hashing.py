"""The stand-in embedder: signed feature hashing of words and letter trigrams (Weinberger et al., ICML 2009)."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from retrieval.embedders.base import HashingConfig

_WORD_WEIGHT = 2.0  # a shared word says more than a shared trigram
_WORDS = re.compile(r"\w+")


class HashingEmbedder:
    """Deterministic, without a model: texts that share words or parts of words are near each other."""

    def __init__(self, config: HashingConfig) -> None:
        self._dimension = config.dimension

    @property
    def name(self) -> str:
        """Changes with anything that changes a vector."""
        return f"hashing-1-{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), unit rows."""
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            self._fill(row, text)
        return vectors

    def _fill(self, row: NDArray[np.float32], text: str) -> None:
        for feature, weight in _features(text).items():
            code = crc32(feature.encode("utf-8", "surrogatepass"))
            row[code % self._dimension] += weight if code >> 31 else -weight  # the sign lets collisions cancel
        length = np.linalg.norm(row)
        if length > 0:
            row /= length
        else:
            row[0] = 1.0  # nothing to hash, or all of it cancelled: still a unit vector


def _features(text: str) -> Counter[str]:
    features: Counter[str] = Counter()
    for word in _WORDS.findall(text.casefold()):
        features[word] += _WORD_WEIGHT  # type: ignore[assignment]
        features.update(_trigrams(f"<{word}>"))
    return features


def _trigrams(word: str) -> Iterator[str]:
    return (word[start : start + 3] for start in range(len(word) - 2))
