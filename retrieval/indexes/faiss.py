"""The FAISS index: the only module that imports faiss."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.files import read_json, unreadable, write_json, write_whole
from retrieval.indexes.base import FaissConfig, Neighbours, check_present, check_queries, newest

_IDS = "index-ids.json"
_INDEX = "index.faiss"
_POINTS_PER_LIST = 39  # fewer than this and FAISS warns that the lists are poorly placed
_ONE_IN = 7  # lists are looked into, where nothing else is asked for


class FaissIndex:
    """Flat below `ivf_from` items, inverted lists from there on. FAISS knows items by number, we by id."""

    def __init__(self, config: FaissConfig, dimension: int) -> None:
        self._config = config
        self._index = _flat(dimension)
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._on_gpu: Any = None

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, item_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds items, or gives items that are there a new vector."""
        fresh = newest(item_ids, vectors, self._index.d)
        if not fresh:
            return
        # FAISS would keep both vectors of an id that comes again
        self.remove([item_id for item_id in fresh if item_id in self._numbers])
        first = max(self._ids, default=-1) + 1
        numbers = range(first, first + len(fresh))
        self._ids |= zip(numbers, fresh, strict=True)
        self._numbers |= zip(fresh, numbers, strict=True)
        self._insert(np.array(numbers, dtype=np.int64), np.stack(list(fresh.values())))

    def remove(self, item_ids: Sequence[str]) -> None:
        """Removes items, all or none."""
        check_present(item_ids, self._numbers)
        numbers = [self._numbers.pop(item_id) for item_id in dict.fromkeys(item_ids)]
        for number in numbers:
            del self._ids[number]
        if numbers:
            self._index.remove_ids(np.array(numbers, dtype=np.int64))
            self._on_gpu = None

    def search(self, queries: NDArray[np.float32], top_n: int) -> tuple[Neighbours, ...]:
        """The nearest items of each query."""
        check_queries(queries)  # FAISS finds nothing near NaN, which would look like lists too short
        count = min(top_n, len(self))
        if count <= 0 or not len(queries):
            return tuple(() for _ in queries)
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        scores, numbers = self._device_index().search(queries, count)
        short = (numbers < 0).any(axis=1)
        if short.any():  # the nearest lists held fewer than asked for: look into all of them
            everywhere = _every_list(self._index)
            scores[short], numbers[short] = self._index.search(queries[short], count, params=everywhere)
        return tuple(
            tuple((self._ids[number], score) for number, score in zip(*row, strict=True))
            for row in zip(numbers.tolist(), scores.tolist(), strict=True)
        )

    def save(self, folder: Path) -> None:
        """Writes the index, then the ids."""
        write_whole(folder / _INDEX, lambda part: faiss.write_index(self._index, str(part)))
        write_json(folder / _IDS, self._numbers)

    @classmethod
    def load(cls, folder: Path, config: FaissConfig) -> Self:
        """What `save` wrote; raises BuildError where it is incomplete or damaged."""
        numbers = read_json(folder / _IDS)
        try:
            stored = faiss.read_index(str(folder / _INDEX))
        except RuntimeError as err:
            raise unreadable(folder / _INDEX) from err
        if stored.ntotal != len(numbers):
            raise unreadable(folder / _IDS)
        index = cls(config, stored.d)
        index._index = _looking_into(stored, config.nprobe)
        index._numbers = numbers
        index._ids = {number: item_id for item_id, number in numbers.items()}
        return index

    def _insert(self, numbers: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        if len(self) >= self._config.ivf_from and isinstance(self._index, faiss.IndexIDMap2):
            old = faiss.vector_to_array(self._index.id_map)
            vectors = np.concatenate([self._index.index.reconstruct_n(0, len(old)), vectors])
            numbers = np.concatenate([old, numbers])
            self._index = _inverted_lists(vectors, self._config.nprobe)
        self._index.add_with_ids(vectors, numbers)
        self._on_gpu = None

    def _device_index(self) -> Any:
        """The index, or its copy on a GPU. A GPU index cannot forget items: the original stays here."""
        if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0:
            return self._index
        if self._on_gpu is None:
            self._on_gpu = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, self._index)
        return self._on_gpu


def _flat(dimension: int) -> Any:
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def _inverted_lists(vectors: NDArray[np.float32], nprobe: int | None) -> Any:
    count, dimension = vectors.shape
    lists = max(1, min(int(4 * count**0.5), count // _POINTS_PER_LIST))
    index = faiss.index_factory(dimension, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
    index.set_direct_map_type(faiss.DirectMap.Hashtable)  # without it an item could not be removed by number
    index.train(vectors)
    return _looking_into(index, nprobe)


def _looking_into(index: Any, nprobe: int | None) -> Any:
    """The index, searching that many of its lists if it has any: a matter of the search, not of what was built."""
    if not isinstance(index, faiss.IndexIDMap2):
        index.nprobe = min(nprobe or max(1, index.nlist // _ONE_IN), index.nlist)
    return index


def _every_list(index: Any) -> Any:
    return faiss.SearchParametersIVF(nprobe=faiss.extract_index_ivf(index).nlist)
