"""Embedding a whole catalogue into one file, in pieces that an interruption cannot take back."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from retrieval.catalogue import Catalogue
from retrieval.embedders import build_embedder
from retrieval.embedders.base import EmbedderConfig, distinct
from retrieval.files import read_arrays, write_arrays
from retrieval.item_vectors import ItemVectors

_CHUNK: Final = 1024  # texts embedded between two files: what an interruption costs at most


def embed_catalogue(catalogue: Catalogue, embedder: EmbedderConfig, path: Path, progress: Progress) -> ItemVectors:
    """The catalogue's text vectors, read from `path` or embedded and written there."""
    parts_folder = path.with_suffix(".parts")
    if not path.exists():
        texts, place = distinct([item.text for item in catalogue])
        parts = _embed_chunks(texts, embedder, parts_folder, progress)
        write_arrays(path, {"distinct": np.concatenate(parts), "place": place})
    shutil.rmtree(parts_folder, ignore_errors=True)
    return ItemVectors(**read_arrays(path, remade=True))


def _embed_chunks(
    texts: Sequence[str], config: EmbedderConfig, folder: Path, progress: Progress
) -> list[NDArray[np.float32]]:
    """Embeds each different text of the catalogue once; a chunk that an earlier run embedded is read from its file."""
    embedder = build_embedder(config)
    parts = []
    for start in progress.track(range(0, len(texts), _CHUNK), description="embedding"):
        part = folder / f"{start:09}.npz"
        if not part.exists():
            write_arrays(part, {"vectors": embedder.embed(texts[start : start + _CHUNK])})
        parts.append(read_arrays(part, remade=True)["vectors"])
    return parts
