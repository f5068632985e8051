"""Serving the trained encoder: a history becomes a vector when the request comes, FAISS finds what it points at."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.indexes import build_index
from retrieval.item_vectors import ItemVectors
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.encoder import SequenceEncoder
from retrieval.retrievers.sequence.opening import open_encoders


class SequenceRetriever:
    """score = the members' sum of scale × cosine(user, item), plus the item's biases, as one inner product.

    Nothing of a user is stored: one more interaction in the history gives another vector and other candidates. Items
    that came into the catalogue after training have vectors from their text.
    """

    def __init__(self, config: SequenceConfig, catalogue: Catalogue, vectors: ItemVectors, arrays: Arrays) -> None:
        self._catalogue = catalogue
        self._window = config.encoder.window
        self._members = [Member(encoder, arrays["items"], vectors) for encoder in open_encoders(config, arrays)]
        self.name = config.name
        if self._members:
            targets = np.concatenate([member.targets for member in self._members], axis=1)
            self._index = build_index(config.index, targets.shape[1])
            self._index.add([item.item_id for item in catalogue], targets)

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items the user vector points at, equal ones in the catalogue's order; () without a known item."""
        known = [i.item_id for i in history.interactions if i.item_id in self._catalogue][-self._window :]
        if not known or not self._members or top_n <= 0:
            return ()
        rows = torch.tensor([self._catalogue.position(item_id) for item_id in known])
        user = np.concatenate([member.user(rows) for member in self._members])
        (found,) = self._index.search(user[None], top_n + sum(item_id in self._catalogue for item_id in exclude))
        kept = [(item_id, score) for item_id, score in found if item_id not in exclude]
        best = sorted(kept, key=lambda entry: (-entry[1], self._catalogue.position(entry[0])))[:top_n]
        return tuple(
            Candidate(item=self._catalogue[item_id], score=score, source=self.name, rank=rank)
            for rank, (item_id, score) in enumerate(best, start=1)
        )


class Member:
    """One trained encoder over a catalogue."""

    def __init__(self, encoder: SequenceEncoder, items: NDArray[np.int64], vectors: ItemVectors) -> None:
        """`items[c]` is the catalogue row of the encoder's column c."""
        self._encoder = encoder
        with torch.inference_mode():
            self._table = encoder.items.from_text(torch.from_numpy(vectors.distinct))[torch.from_numpy(vectors.place)]
            self._table[items] += encoder.items.ids.weight
            bias = encoder.items.bias.mean().repeat(len(self._table))
            bias[items] = encoder.items.bias
            self.targets: NDArray[np.float32] = encoder.targets(self._table, bias).numpy()
        """What user vectors are multiplied with, (catalogue, dimension + 1)."""

    def user(self, rows: Tensor) -> NDArray[np.float32]:
        """The vector (dimension + 1,) of a history of these catalogue rows, oldest first."""
        with torch.inference_mode():
            last: NDArray[np.float32] = self._encoder.users(self._table[rows][None])[0, -1].numpy()
        return last
